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
# What opens and never closes is looked behind for so many characters only.
_FENCE = re.compile(r"(?ms)^(?:---|```).{0,3000}?^(?:---|```)[ \t]*$|<!--.{0,3000}?-->")
_TITLE = re.compile(
    r"(?m)(?:^#|\A\s*##)[ \t]+(?P<hash>[^\n]+)$|<h1[^>]{0,300}>(?P<tag>(?s:.){1,300}?)</h1>"
    r"|^(?P<line>\S[^\n]*)\n={3,}[ \t]*$"
)
_MOST = 1_000
"""Characters of a title that are looked at."""
_MARKS = re.compile(r"!\[[^\]\n]*\](?:\([^)\n]*\))?|\]\([^)\n]*\)|<[^>\n]*>|[\[\]*_`#]")


def parse(source: Source) -> Iterator[Fact]:
    """Yield a note when the first title speaks of examples and nothing else."""
    text = _FENCE.sub(lambda found: "\n" * found.group().count("\n"), source.lenient_text()[:_HEAD])
    found = _TITLE.search(text)
    if found is None:
        return
    said = (found.group("hash") or found.group("tag") or found.group("line"))[:_MOST]
    title = _without_tail(" ".join(_MARKS.sub(" ", said).split()))
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


def _without_tail(title: str) -> str:
    """Return a title without the signs behind its last word."""
    end = len(title)
    while end and not (title[end - 1].isalnum() or title[end - 1] in "_)]}"):
        end -= 1
    return title[:end]
