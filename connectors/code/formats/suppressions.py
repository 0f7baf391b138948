"""Read comments that suppress findings: ``# aicensus: ignore[model,package] reason=why``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.suppress import NOTE
from connectors.model import Grade

_MARK = re.compile(
    rb"aicensus:[ \t]{0,4}ignore(?:\[([\w ,-]{0,200})\])?(?:[ \t]{1,4}reason=([^\r\n]{0,300}))?"
)
_COMMENT = re.compile(rb"(?:#|//|/\*|<!--|--|;|%|\*|REM |rem )[ \t]*$")
_ALONE = re.compile(rb"[ \t]*(?:\{?[ \t]*/\*|\*|#|//|<!--|--|;|%|REM |rem )+[ \t]*$")
_CLOSING = re.compile(r"[\s\"']*(?:\*/\}?|-->|\\n\",?)?\s*$")


def parse(source: Source) -> Iterator[Fact]:
    """Yield a note for each comment that asks for a suppression, also those that give no reason."""
    data = source.data
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        mark = _MARK.match(data, hit.start)
        if mark is None:
            continue
        line += data.count(b"\n", last, hit.start)
        last = hit.start
        start = max(data.rfind(b"\n", 0, hit.start) + 1, hit.start - 400)
        before = data[start : hit.start]
        if not _COMMENT.search(before):
            continue
        reason = _CLOSING.sub("", (mark.group(2) or b"").decode("utf-8", "replace").strip().strip("\"'"))
        kinds = re.split(r"[ ,]+", (mark.group(1) or b"").decode("ascii", "replace").strip())
        yield Fact(
            kind=NOTE,
            provider="",
            identifier=",".join(sorted(filter(None, kinds))),
            name="",
            grade=Grade.DECLARED,
            line=line,
            detail=reason[:200],
            standing=False,
            attributes={"alone": _ALONE.match(before) is not None},
        )
