"""Read the title of a README: it may say that a repository is a collection of examples."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.model import Grade
from connectors.patterns import compile_pattern

EXAMPLES = "repository_of_examples"
"""The kind of note that says that the repository of the file holds examples throughout."""
_HEAD = 20_000
_FENCE = re.compile(r"(?ms)^(?:---|```).*?^(?:---|```)[ \t]*$|<!--.*?-->")
_TITLE = re.compile(
    r"(?m)(?:^#|\A\s*##)[ \t]+(?P<hash>.+)$|<h1[^>]*>(?P<tag>.{1,300}?)</h1>|^(?P<line>\S.*)\n={3,}[ \t]*$",
    re.S,
)
_TAIL = re.compile(r"[^\w)\]}]+$")
_MARKS = re.compile(r"!\[[^\]\n]*\](?:\([^)\n]*\))?|\]\([^)\n]*\)|<[^>\n]*>|[\[\]*_`#]")


def parse(source: Source) -> Iterator[Fact]:
    """Yield a note when the first title speaks of examples and nothing else."""
    text = _FENCE.sub(lambda found: "\n" * found.group().count("\n"), source.lenient_text()[:_HEAD])
    found = _TITLE.search(text)
    if found is None:
        return
    said = found.group("hash") or found.group("tag") or found.group("line")
    title = " ".join(_MARKS.sub(" ", said.split("\n")[0] if found.group("hash") else said).split())
    title = _TAIL.sub("", title)
    if compile_pattern(source.catalogue.repository_titles).search(title):
        yield Fact(
            kind=EXAMPLES,
            provider="",
            identifier="",
            name="",
            grade=Grade.DECLARED,
            line=text.count("\n", 0, found.start()) + 1,
            standing=False,
        )
