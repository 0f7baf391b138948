"""Write what people called wrong into a catalogue file of their own, for them to review and use.

A row is written when every alert was about that thing alone; what only lay beside others in a system is
put there as a comment, because the system may be wrong for another reason. What the file holds stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.catalogue import read_own
from connectors.catalogue.looking import mistakes
from discovery.service.errors import DecisionError
from discovery.service.feedback import FeedbackView

_HEAD = """\
# What aicensus took for AI and is none, by what people said of its alerts (aicensus catalogue feedback).
# Read it through; a scan that uses the file no longer shows these things. Rows after "#" are only proposed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverridesView:
    """What was written: rows that count, rows that are proposed, rows that stood there, and what has none."""

    path: str
    added: int
    proposed: int
    known: int
    without: Sequence[str]


def write(rows: Sequence[FeedbackView], path: Path) -> OverridesView:
    """Add rows to a catalogue file, made if need be; raises ``DecisionError`` and changes nothing otherwise.

    A file with mistakes is refused, before and after.
    """
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    _check(path, before)
    known = _known(path) if before else set()
    wanted = _by_name(row for row in rows if row.own_row)
    fresh = {key: found for key, found in wanted.items() if key not in known}
    sure = {key: found for key, found in fresh.items() if all(one.is_sure for one in found)}
    blocks = [_block(*key, sure[key]) for key in sorted(sure)]
    proposals = [_commented(_block(*key, fresh[key])) for key in sorted(fresh.keys() - sure.keys())]
    proposals = [one for one in proposals if one not in before]
    if blocks or proposals:
        start = before.rstrip("\n") + "\n" if before else _HEAD
        _replace(path, "\n".join([start, *blocks, *proposals]))
    return OverridesView(
        path=str(path),
        added=len(blocks),
        proposed=len(proposals),
        known=len(wanted) - len(fresh),
        without=sorted({f"{one.thing} ({one.kind})" for one in rows if not one.own_row}),
    )


_Key = tuple[str, str]


def _by_name(rows: Iterator[FeedbackView]) -> dict[_Key, list[FeedbackView]]:
    found: dict[_Key, list[FeedbackView]] = {}
    for one in rows:
        found.setdefault((one.kind, one.own_row), []).append(one)
    return found


def _known(path: Path) -> set[_Key]:
    own: Any = read_own(path)[0].get("not_ai", [])
    return {(str(row.get("kind")), str(row.get("name"))) for row in own if isinstance(row, dict)}


def _block(kind: str, name: str, rows: Sequence[FeedbackView]) -> str:
    why = "; ".join(dict.fromkeys(reason for one in rows for reason in one.reasons))
    lines = ["[[not_ai]]", f"name = {_text(name)}", f"kind = {_text(kind)}", f"why = {_text(why[:200])}"]
    return "\n".join(lines) + "\n"


def _commented(block: str) -> str:
    return "".join(f"# {line}\n" for line in block.splitlines())


def _text(value: str) -> str:
    """Return a text of TOML on one line: names come from what was scanned."""
    return json.dumps("".join(char for char in value if char.isprintable()), ensure_ascii=False)


def _check(path: Path, before: str) -> None:
    wrong = mistakes(path) if before else []
    if wrong:
        raise DecisionError(
            f"{path} is no catalogue file without mistakes: {wrong[0].text}",
            hint=f"See all of them: aicensus catalogue lint {path}",
        )


def _replace(path: Path, content: str) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(content, encoding="utf-8")
        _check(part, content)
        part.replace(path)
    except OSError as error:
        raise DecisionError(
            f"{path} cannot be written: {error.strerror}", hint="Name another file."
        ) from error
    finally:
        part.unlink(missing_ok=True)
