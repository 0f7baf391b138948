"""Read permissions to call AI services, in policies of any notation: JSON, HCL, YAML, Bicep, code.

An action counts in an allowing statement; a denied one, one under ``NotAction``, and a statement or list that
names many services (a boundary, a catalogue of actions) say nothing about use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from connectors.catalogue.infra_rows import Grant
from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.lines import is_comment, line_around, parents
from connectors.code.formats.talk import Talk
from connectors.model import Grade, Json

_REACH = 1_500
_MAX_PLACES = 500
"""Places of one permission that are looked at in one file."""
# The metadata of a module of Google's lists the roles of whoever deploys it; nothing else may hide a grant.
_DESCRIBED = re.compile(rb"(?m)^apiVersion:[ \t]{1,9}[\"']?blueprints\.cloud\.google\.com/")
_DESCRIBED_IN = ("metadata.yaml", "metadata.display.yaml")
_MANY = 15
"""Services in one place from which it is a boundary or a list, not a workload's own permission."""
_ROLE_IDS = re.compile(rb'"[A-Za-z][\w .-]{2,80}"\s*:\s*"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"')
_LEFT = re.compile(r"[A-Za-z0-9:*?./_-]*$")
_RIGHT = re.compile(r"[A-Za-z0-9:*?./_-]*")
_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]*\*?")
_ROLE = re.compile(r"(?:projects/[\w-]+/|organizations/\d+/)?roles/[A-Za-z]+\.[A-Za-z.]+")
_WORD = re.compile(r"(?i)(not_?)?actions?\b")
_EFFECT = re.compile(r"(?i)\beffect[\"']?\s*[:=]\s*[\"']?(?:[\w.]*\.)?(allow|deny)\b")
_DENIES = re.compile(r"(?i)\bdeny\w*\s*[({]|DENY\b")
_SERVICE = re.compile(r"[\"'\s]([a-z0-9-]{2,40}):[A-Z*]")
# An AWS role's own name: of a resource of Terraform, or as CloudFormation, SAM and CDK spell it.
_ROLES = re.compile(
    rb'"aws_iam_role"[ \t]+"[\w-]+"[ \t]*\{[^{}]{0,400}?\n[ \t]*name[ \t]*=[ \t]*"(?P<hcl>[\w+=,.@-]{1,64})"'
    rb"|\b[Rr]oleName[\"']?[ \t]*[:=][ \t]*"
    rb"(?:[\"'](?P<quoted>[\w+=,.@-]{1,64})[\"']|(?P<plain>[\w+=@-]{1,64})[ \t]*(?:[\r\n]|$))"
)
_MOST_ROLES = 5
_ROLE_TABLE = re.compile(r"(?i)\bbuilt_?in_?role_?names\b")
_MAP_KEY = re.compile(
    r"[\"'][^\"'\n]{1,80}[\"']\s*[:=]\s*[\"']?(?:\[?(?:subscriptionResourceId|resourceId)\(|/providers/)"
)


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each permission that calls a catalogued service."""
    if source.name in _DESCRIBED_IN and _DESCRIBED.search(source.data[:2_000]):
        return
    if source.name.endswith(".json") and len(_ROLE_IDS.findall(source.data)) >= _MANY:
        return  # a list of the roles that there are
    line, last = 1, 0
    seen: set[tuple[str, int]] = set()
    places: Counter[int] = Counter()
    talk = Talk(source)
    roles = _roles(source) if source.hits else {}
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        places[hit.row] += 1
        if places[hit.row] > _MAX_PLACES:
            continue
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        row = source.catalogue.grant[hit.row]
        if (row.name, line) in seen:
            continue
        permission = _permission(source, hit, row)
        if permission and not talk.holds(hit.start):
            seen.add((row.name, line))
            yield Fact(
                kind=row.kind,
                provider=row.provider,
                identifier=f"grant/{row.name}",
                name=row.title,
                grade=Grade.CONFIGURED,
                line=line,
                detail=permission,
                attributes={"resource_type": permission, **roles},
            )


def _roles(source: Source) -> dict[str, Json]:
    """Return the names of the roles that a file of permissions declares, as far as they are written out."""
    # In code, what is not quoted is a variable.
    groups = ("hcl", "quoted", "plain") if source.syntax == "config" else ("hcl", "quoted")
    found = [one[group] for one in _ROLES.finditer(source.data) for group in groups]
    names = sorted({one.decode("utf-8", "replace") for one in found if one})
    return {"role_names": list[Json](names[:_MOST_ROLES])} if names else {}


def _permission(source: Source, hit: Hit, row: Grant) -> str:
    """Return the action, role or policy that stands at a hit; empty when it grants nothing."""
    text, column = line_around(source.data, hit.start)
    literal = source.data[hit.start : hit.end].decode()
    if is_comment(text):
        return ""
    if literal in row.names:
        return "" if _is_in_table(source.data, hit.start) else _name(text, column, literal)
    left, right = _LEFT.search(text[:column]), _RIGHT.match(text, column)
    assert left is not None
    assert right is not None
    token = left.group() + right.group()
    before, after = text[: left.start()], text[right.end() :]
    is_quoted = before[-1:] in "\"'`" and after[:1] == before[-1:] and before != ""
    if source.syntax != "config" and not is_quoted:
        return ""
    if not is_quoted and after[:1] not in ("", ",", " ", "\t", "]", "\r", "\\"):
        return ""
    if literal.startswith("roles/"):
        return token if _ROLE.fullmatch(token) else ""
    if not token.startswith(literal) or not _ACTION.fullmatch(token):
        return ""
    return token if _is_allowed(source.data, hit) else ""


def _name(text: str, column: int, name: str) -> str:
    """Return the name of a policy or role that stands whole and is not an entry of a table of roles."""
    before, after = text[:column], text[column + len(name) :]
    is_in_a_sentence = before[-1:] == " " and " " in name and not before.rstrip().endswith((":", "=", "-"))
    if before[-1:].isalnum() or before[-1:] == "-" or is_in_a_sentence:
        return ""
    if after[:1].isalnum() or after[:1] == "-" or re.match(r"[\"']?\s*:", after) or _MAP_KEY.search(before):
        return ""
    return name


def _is_in_table(data: bytes, place: int) -> bool:
    """Say whether a role stands in a template's table of the roles that there are, whatever is granted."""
    return any(_ROLE_TABLE.search(line) for line in parents(data, place, levels=3, reach=_REACH))


def _is_allowed(data: bytes, hit: Hit) -> bool:
    before = data[max(0, hit.start - _REACH) : hit.start].decode("utf-8", "replace")
    after = data[hit.end : hit.end + _REACH].decode("utf-8", "replace")
    words = list(_WORD.finditer(before.rpartition(";")[2]))
    if not words or words[-1].group(1):
        return False
    if len(set(_SERVICE.findall(before + after))) > _MANY:
        return False
    statement = before[before.rfind("}") + 1 :]
    if _DENIES.search(statement):
        return False
    effects = _EFFECT.findall(statement)
    effect = effects[-1] if effects else next(iter(_EFFECT.findall(after.partition("}")[0])), "allow")
    return bool(effect.lower() == "allow")
