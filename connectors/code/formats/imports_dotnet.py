"""Read the use of catalogued namespaces in C#, F#, Visual Basic and Razor.

``using X;``, ``global using X;``, ``using static X.Type;``, ``using Y = X.Type;``, ``@using X``, ``open X``
and ``Imports X`` count at the beginning of a line. A namespace of one common word needs the project to
declare its package (``needs_manifest``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from connectors.code.facts import Fact, Source, tell_cut
from connectors.code.formats.common import package_fact
from connectors.code.formats.imports_jvm import in_text_block, line_at, longest, owners
from connectors.model import Grade

_WORDS = {
    **dict.fromkeys(("cs", "csx", "cshtml", "razor"), b"using"),
    **dict.fromkeys(("fs", "fsx"), b"open"),
    "vb": b"Imports",
}
_BEFORE = re.compile(
    rb"^[ \t]*(?:@|global[ \t]+)?(using|open|Imports)[ \t]+(?:(?:static|type)[ \t]+)?(?:\w+[ \t]*=[ \t]*)?$"
)
_NAME = re.compile(rb"[A-Za-z_][\w.]*")
_ALIAS = re.compile(rb"[ \t]{0,20}=")
_MAX_TRIES = 500


def parse(source: Source) -> Iterator[Fact]:
    """Yield an imported fact for each catalogued package whose namespaces the file uses."""
    word = _WORDS.get(source.name.rpartition(".")[2])
    if word is None:
        return
    packages = owners(source.catalogue.version, "nuget", source.catalogue.nuget)
    seen: set[str] = set()
    for hit in source.hits[:_MAX_TRIES]:
        name_at = hit.start + source.data[hit.start : hit.end].rfind(b" ") + 1
        start = source.data.rfind(b"\n", 0, name_at) + 1
        before = _BEFORE.match(source.data[start:name_at]) if name_at - start <= 200 else None
        found = _NAME.match(source.data, name_at)
        if before is None or before.group(1) != word or found is None or in_text_block(source.data, hit):
            continue
        if _ALIAS.match(source.data, found.end()):
            continue  # the name that the file itself gives to what follows
        module = longest(packages, found.group().decode("ascii", "replace").rstrip("."))
        if not module or packages[module].name in seen:
            continue
        row = packages[module]
        seen.add(row.name)
        yield from package_fact(
            source,
            "nuget",
            row.name,
            line=partial(line_at, source.data, name_at),
            grade=Grade.IMPORTED,
            standing=not row.needs_manifest,
        )
    tell_cut(len(source.hits), _MAX_TRIES, "imports")
