"""The part of the SARIF 2.1.0 schema that our documents use, written from the standard's property tables.

Like the standard's own schema it refuses unknown properties; free properties stand only in ``properties``.
"""

from __future__ import annotations

from typing import Any


def _object(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "properties": {**properties, "properties": {"type": "object"}},
        "additionalProperties": False,
    }


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


TEXT = {"type": "string"}
_MESSAGE = _object("text", text={"type": "string", "minLength": 1}, markdown=TEXT)
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_ARTIFACT = _object("uri", uri={"type": "string", "format": "uri-reference"}, uriBaseId=TEXT)
_REGION = _object("startLine", startLine={"type": "integer", "minimum": 1})
_PHYSICAL = _object("artifactLocation region", artifactLocation=_ARTIFACT, region=_REGION)
_LOCATION = _object(
    id={"type": "integer", "minimum": -1},
    physicalLocation=_PHYSICAL,
    logicalLocations=_list(_object(name=TEXT, fullyQualifiedName=TEXT)),
)
_RULE = _object(
    "id",
    id=TEXT,
    name=TEXT,
    shortDescription=_MESSAGE,
    fullDescription=_MESSAGE,
    help=_MESSAGE,
    defaultConfiguration=_object(level=_LEVEL),
)
_SUPPRESSION = _object(
    "kind",
    kind={"enum": ["inSource", "external"]},
    status={"enum": ["accepted", "underReview", "rejected"]},
    justification=TEXT,
)
_RESULT = _object(
    "message ruleId locations partialFingerprints",  # more than the standard asks: what views need
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_MESSAGE,
    locations={"type": "array", "minItems": 1, "items": _LOCATION},
    relatedLocations=_list(_LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
    suppressions=_list(_SUPPRESSION),
)
_NOTIFICATION = _object("message", level=_LEVEL, message=_MESSAGE)
_RUN = _object(
    "tool results",
    tool=_object(
        "driver",
        driver=_object("name", name=TEXT, version=TEXT, semanticVersion=TEXT, rules=_list(_RULE)),
    ),
    automationDetails=_object(id=TEXT),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={
        "type": "object",
        "additionalProperties": _object(uri=TEXT, description=_MESSAGE),
    },
    invocations=_list(
        _object(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=_list(_NOTIFICATION),
        )
    ),
    results=_list(_RESULT),
)
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["version", "runs"],
    "properties": {"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": _list(_RUN)},
    "additionalProperties": False,
}
