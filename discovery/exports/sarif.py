"""Export as SARIF 2.1.0, which code scanning views read: a rule for every kind, a result for every asset.

A result's level is ``warning`` where somebody is asked to act (a new thing of a scan, an asset whose system
has an open alert), else ``note``. What is suppressed in the code, known to a baseline or decided on an alert
is there with a suppression that says why. Paths are relative to the repository's root (``%SRCROOT%``).

Source: SARIF 2.1.0 (OASIS), and GitHub's page on its support of SARIF (github/docs, copy read 2026-11-22):
it wants a line in every place, uses the first location alone, and passes over suppressions.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote

from connectors.kinds import KINDS
from discovery.exports.source import ExportOptions, Source
from discovery.render.as_json import dumps, write_array
from discovery.render.text import count, safe, words
from discovery.service.judging import suppressed_reason

if TYPE_CHECKING:
    from discovery.service.judging import Thing
    from discovery.service.views import AlertView, AssetView, EvidenceView, SystemView

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "aicensusAsset/v1"
_RELATED = 20
_DECIDED = ("accepted_risk", "false_positive", "suppressed")
_LINE = re.compile(r"(?P<path>.+?)(?::(?P<line>[1-9][0-9]{0,8}))?")
_RULE_NUMBER = {name: number for number, name in enumerate(KINDS)}


@dataclass(slots=True)
class _Context:
    """What results need besides their asset: systems, and what became of their alerts."""

    systems: dict[str, SystemView]
    open: dict[str, list[AlertView]] = field(default_factory=dict)
    decided: dict[str, list[AlertView]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source) -> _Context:
        context = cls({one.system_id: one for one in source.systems()})
        for alert in source.alerts():
            context.open.setdefault(alert.system_id or "", []).append(alert)
        for alert in source.alerts(_DECIDED):
            context.decided.setdefault(alert.system_id or "", []).append(alert)
        return context


def write(source: Source, out: TextIO, options: ExportOptions) -> None:
    """Write all assets to ``out``, taking them one at a time."""
    context = _Context.of(source)
    unseen = [
        f"{row.scope} {row.part}: {row.reason or words(row.status)}"
        for row in source.coverage()
        if row.status in _BLIND and row.state == "active"
    ]
    _write((_result(context, asset, asset.evidence) for asset in source.assets()), unseen, out, options)


def write_things(
    source: Source, things: Iterable[Thing], unseen: Sequence[str], out: TextIO, options: ExportOptions
) -> None:
    """Write what a scan shows; ``unseen`` says what it could not read."""
    context = _Context.of(source)
    _write((_of_thing(context, one) for one in things), unseen, out, options, is_whole=not unseen)


_BLIND = frozenset({"incomplete", "denied", "throttled", "failed", "never"})


def _write(
    results: Iterator[dict[str, Any]],
    unseen: Sequence[str],
    out: TextIO,
    options: ExportOptions,
    *,
    is_whole: bool = True,
) -> None:
    run = {
        "tool": {"driver": _driver(options)},
        "automationDetails": {"id": "aicensus/"},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the scanned repository."}}},
    }
    head = {"$schema": SCHEMA, "version": "2.1.0"}
    left_out = Counter[str]()
    if options.without_suppressed:
        results = _open_only(results, left_out)
    out.write(f'{dumps(head).removesuffix("}")},\n"runs":[{dumps(run).removesuffix("}")},\n"results":')
    write_array(results, out)
    out.write(f',"invocations":[{dumps(_invocation(unseen, left_out.total(), is_whole=is_whole))}]}}]}}\n')


def _open_only(results: Iterator[dict[str, Any]], left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    for one in results:
        if "suppressions" in one:
            left_out[one["ruleId"]] += 1
        else:
            yield one


def _driver(options: ExportOptions) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": "aicensus", "rules": [_rule(name) for name in KINDS]}
    if options.version:
        driver["version"] = options.version
        if re.fullmatch(r"\d+\.\d+\.\d+", options.version):
            driver["semanticVersion"] = options.version
    return driver


def _rule(kind: str) -> dict[str, Any]:
    title = words(kind)
    text = (
        f"{KINDS[kind].definition} Every AI system needs somebody who answers for it: name the owner with "
        "`aicensus owner set`, and record purpose, data and human oversight with `aicensus oversight set`."
    )
    return {
        "id": f"aicensus/{kind}",
        "name": "".join(word.capitalize() for word in kind.split("_")),
        "shortDescription": {"text": f"AI found: {title}"},
        "fullDescription": {"text": KINDS[kind].definition},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": "note"},
        "properties": {"tags": ["ai", kind], "precision": "high", "problem.severity": "recommendation"},
    }


def _invocation(unseen: Sequence[str], left_out: int, *, is_whole: bool) -> dict[str, Any]:
    notes = [{"level": "warning", "message": _message(f"Could not be seen: {text}")} for text in unseen]
    if left_out:
        text = f"{count(left_out, 'suppressed result')} left out, as was asked for."
        notes.append({"level": "note", "message": _message(text)})
    return {"executionSuccessful": is_whole, "toolExecutionNotifications": notes}


def _of_thing(context: _Context, thing: Thing) -> dict[str, Any]:
    result = _result(context, thing.asset, thing.places, is_new=thing.counts)
    result["baselineState"] = "new" if thing.is_new else "unchanged"
    excuse = thing.excuse
    if excuse is not None and excuse.kind == "baseline":
        result.setdefault("suppressions", []).append(_suppression("external", excuse.reason))
    return result


def _result(
    context: _Context, asset: AssetView, places: Sequence[EvidenceView], *, is_new: bool = False
) -> dict[str, Any]:
    system = context.systems.get(asset.system_id or "")
    open_alerts = context.open.get(asset.system_id or "", [])
    asks = is_new or (asset.role != "suppressed" and bool(open_alerts))
    locations = [_location(asset, one) for one in places[: _RELATED + 1]] or [_logical(asset)]
    result: dict[str, Any] = {
        "ruleId": f"aicensus/{asset.kind}",
        "ruleIndex": _RULE_NUMBER[asset.kind],
        "level": "warning" if asks else "note",
        "message": _message(_sentence(asset, system, open_alerts, is_new=is_new)),
        "locations": locations[:1],
        "partialFingerprints": {FINGERPRINT: _fingerprint(asset)},
        "properties": _properties(asset, system),
    }
    related = [{"id": number, **one} for number, one in enumerate(locations[1:], 1)]
    if related:
        result["relatedLocations"] = related
    suppressions = list(_suppressions(context, asset))
    if suppressions:
        result["suppressions"] = suppressions
    return result


def _sentence(
    asset: AssetView, system: SystemView | None, alerts: Sequence[AlertView], *, is_new: bool
) -> str:
    new = "New AI" if is_new else "AI"
    model = f", model {asset.model}" if asset.model and asset.model != asset.name else ""
    text = f"{new}: {words(asset.kind)} {asset.name} of {asset.provider or 'unknown provider'}{model}"
    text += f" ({asset.grade})."
    if system is not None:
        owner = f"owner {system.owner}" if system.owner else "no owner"
        text += f" System {system.name}: {owner}, oversight {system.oversight.state}."
    if alerts:
        text += f" {'; '.join(sorted({f'{one.rule} {one.title}' for one in alerts})[:3])}"
    return text


def _properties(asset: AssetView, system: SystemView | None) -> dict[str, Any]:
    return {
        "assetId": asset.asset_id,
        "name": asset.name,
        "naturalId": asset.natural_id,
        "provider": asset.provider,
        "grade": asset.grade,
        "role": asset.role,
        "account": asset.account,
        "systemId": system.system_id if system else None,
    }


def _suppressions(context: _Context, asset: AssetView) -> Iterator[dict[str, Any]]:
    if asset.role == "suppressed":
        yield _suppression("inSource", suppressed_reason(asset))
    decided = context.decided.get(asset.system_id or "", [])
    if decided and not context.open.get(asset.system_id or ""):
        rules = ", ".join(sorted({f"{one.rule} ({words(one.state)})" for one in decided}))
        yield _suppression("external", f"decided in the inventory: {rules}")


def _suppression(kind: str, why: str) -> dict[str, Any]:
    return {"kind": kind, "status": "accepted", "justification": safe(why, limit=500)}


def _location(asset: AssetView, place: EvidenceView) -> dict[str, Any]:
    """Return where evidence is: a line, a file as a whole, or for what is no file the thing's own id."""
    found = _LINE.fullmatch(place.locator)
    if not asset.namespace.startswith("code/") or found is None or "://" in place.locator:
        return _logical(asset)
    uri = quote(f"{_prefix(asset)}{found['path']}", safe="/~!$&'()*+,;=@")
    artifact = {"uri": uri, "uriBaseId": ROOT}
    # A file as a whole stands at its first line: code scanning views do not take a place without one.
    return {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": int(found["line"] or 1)}}
    }


def _prefix(asset: AssetView) -> str:
    """Return the scanned folder's path in its repository: evidence is relative to the folder."""
    for scope in asset.scopes:
        _, found, folder = scope.partition(f"/{asset.account}/")
        if found and not folder.startswith("at-"):  # a second checkout of the same repository
            return f"{folder}/"
    return ""


def _logical(asset: AssetView) -> dict[str, Any]:
    named = {"name": safe(asset.name), "fullyQualifiedName": safe(asset.natural_id, limit=1000)}
    return {"logicalLocations": [named]}


def _fingerprint(asset: AssetView) -> str:
    # A folder without a remote is named by machine and path, which must not make its results other ones.
    namespace = "code" if asset.namespace.startswith("code/local/") else asset.namespace
    return hashlib.sha256(f"{namespace}\0{asset.natural_id}".encode("utf-8", "surrogatepass")).hexdigest()[
        :40
    ]


def _message(text: str) -> dict[str, str]:
    """Return a plain message: braces and square brackets would be place holders and links."""
    return {"text": safe(text, limit=1000).translate(_PLAIN)}


_PLAIN = str.maketrans("{}[]", "()()")
