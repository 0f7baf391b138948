"""Compile patterns in linear time: google-re2 where its wheel exists, else the standard library.

Patterns come from the catalogue and from users' own files, the text from whoever wrote the scanned tree;
a back-tracking engine could be made to hang by either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol

from connectors.errors import ConfigError


class Match(Protocol):
    """The part of a match object that both engines have."""

    def group(self, group: int | str = 0) -> Any:
        """Return a group's text."""

    def start(self, group: int | str = 0) -> int:
        """Return where a group begins."""

    def end(self, group: int | str = 0) -> int:
        """Return where a group ends."""


class Pattern(Protocol):
    """The part of a compiled pattern that both engines have."""

    def search(self, text: str) -> Match | None:
        """Find the first match anywhere."""

    def match(self, text: str) -> Match | None:
        """Match at the beginning."""

    def fullmatch(self, text: str) -> Match | None:
        """Match the whole text."""

    def finditer(self, text: str) -> Iterator[Match]:
        """Find all matches that do not overlap, in order."""


@cache
def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern of ours and keep it; raises as :func:`compile_foreign` does."""
    return compile_foreign(pattern)


def compile_foreign(pattern: str) -> Pattern:
    """Compile a pattern; raises ``ConfigError`` when it is wrong or not linear (a back-reference).

    Nothing is kept: a daemon reads the patterns of thousands of trees, and each would stay for good.
    """
    try:
        import re2
    except ImportError:
        return _compiled(re, pattern)
    try:
        return _compiled(re2, pattern, options=_options(re2, _SMALL))
    except ConfigError:
        return _compiled(re2, pattern, options=_options(re2, _LARGE))


_SMALL, _LARGE = 2 << 20, 8 << 20
"""Bytes that a pattern may take: several hundred keep what they learn of texts; a long one needs more."""


def _options(engine: Any, size: int) -> Any:
    options = engine.Options()
    options.max_mem = size
    # It would write a wrong pattern, which may be a scanned tree's, to standard error.
    options.log_errors = False
    return options


def _compiled(engine: Any, pattern: str, **options: Any) -> Pattern:
    try:
        compiled: Pattern = engine.compile(pattern, **options)
    except (re.error, engine.error) as error:
        raise ConfigError(f"the pattern {pattern!r} is wrong: {error}") from error
    return compiled


_LABEL = r"(?:[A-Za-z0-9_$<>-]|\{{1,2}[^{}\n]{0,100}\}{1,2})"
# The braces of an expression that holds others (`${f({})}`) may open further up.
_LABELS = rf"(?:\}}{{1,2}}{_LABEL}*|{_LABEL}+)(?:\.[A-Za-z0-9_-]+)*"


@cache
def host_pattern(host: str) -> Pattern:
    """Compile a catalogued host so that its group ``host`` is found only as a whole name.

    ``*`` stands for one or more labels (or, beside other characters, for a part of one); an expression in
    braces (``${config.name}``) is a part of a label, whatever it holds.
    """
    body = re.escape(host).replace(r"\*", _LABELS)
    return compile_pattern(
        rf"(?:^|[^A-Za-z0-9._-])(?P<host>{body})(?:$|[^A-Za-z0-9._-]|\.(?:$|[^A-Za-z0-9_-]))"
    )
