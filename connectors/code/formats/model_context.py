"""Say how a model id stands in code: as the value of a name or of a place for models, or bare.

``model="gpt-4o"``, ``M = ["gpt-4o"]`` and ``getenv("CHAT_MODEL", "gpt-4o")`` give a value to something; in
``app("run", "gpt-4o")`` it is a word like any other. Neither is use by itself: a file that calls a model over
its API says so (``call_marks`` of the catalogue), else the tree decides (:mod:`connectors.code.model_joins`).
"""

from __future__ import annotations

import re

from connectors.catalogue.tables import Catalogue
from connectors.code.facts import Hit, Source
from connectors.code.formats.lines import line_around, parents
from connectors.code.formats.model_mentions import is_called_model, is_kind, is_mention

NAMED = "named"
"""The attribute of a model fact that does not stand by itself: one of the three below."""
GIVEN = "given"
BARE = "bare"
SPOKEN = "spoken"
"""Of an id in a file that speaks the API of models, given to no call: a test makes such ones up."""
LISTED = "listed"
"""Of an id in a tokenizer's table or a comparison: it only adds a place to what else names the model."""

_REACH = 200
_FAR = 1_000
_QUOTES = "\"'`"
# What may stand between a name and its value; an opening bracket belongs to the first value in it.
_BETWEEN = " \t=:!<>|?&[({+~"
_GIVES = re.compile(r"(?<![=!<>])[:=]>?$")
_OR = re.compile(r"\b(?:or|in|is|as)\s*$")
_SEPARATOR = re.compile(r"[,;{}()]")
# The first argument of such a call is a name, and the second the value when there is none.
_LOOKED_UP = re.compile(
    r"(?i)(?:get|env|default|option|arg|argument|flag|param|setting|config|prop|property|field|value|var)\w*"
    r"\(\s*[\"'`](?P<name>[^\"'`]{1,60})[\"'`]\s*,\s*(?:default\w*\s*=\s*)?$"
)
_OPTION = re.compile(r"[\"'`]--?(?P<name>[\w-]{1,60})[\"'`]")
# A short piece of a name behind a family's: tokens("qwen", "3").
_PIECES = re.compile(r"[\"'`]\s*,\s*[\"'`][\w.]{1,3}[\"'`]")
_OPENS = ("=", "(", "[", "{")
_DEFINES = re.compile(r"\s*(?:async\s+)?(?:def|class|func|function|fn|fun|sub|describe|it|test)\b")


def named_by(source: Source, hit: Hit, before: str, behind: str, common: str) -> str:
    """Return :data:`GIVEN` for a quoted id that is a value or named a model, else :data:`BARE`.

    ``before`` is the line up to and with the opening quote, ``behind`` what follows the id; ``common``: the
    id where it is the bare name of a family, and a common word. An id beside a token encoding is one of a
    tokenizer's table, and one that is only spoken of is not used by that: :data:`LISTED`.
    """
    catalogue = source.catalogue
    line = line_around(source.data, hit.start)[0].lower()
    front = before[-_REACH:].rstrip(_QUOTES)
    above = parents(source.data, hit.start, reach=_FAR, openers=True)
    is_counted = any(word in line for word in catalogue.encoding_words)
    if is_counted or is_mention(front, behind, above, source.name):
        return LISTED
    if common and (_PIECES.match(behind) or (source.syntax == "config" and is_kind(front))):
        return LISTED
    if common and source.syntax == "source" and not is_called_model(catalogue, common, front, above):
        return BARE if calls_models(source) else LISTED
    if _gives(catalogue, front) or _is_option(catalogue, front):
        return GIVEN
    return GIVEN if any(_opens_values(catalogue, line) for line in above) else BARE


_ASKS = (
    r"\b[\w.:>-]{0,80}(?:(?i:create|generat|complet|chat|invoke|embed|stream|transcri|infer|predict|ask|llm|query"
    r"|responses|get_?response|speech|openai|anthropic|call|post|send|request|run)\w{0,40}|\.(?:with_?)?(?i:model)(?:[Nn]ame|[Ii]d)?)[!?]?\s*\([\[{\s]*"
)
_STANDS_FOR = re.compile(r"(?i)mock|fake|stub|dummy|expected")
_ASKED = re.compile(rf"{_ASKS}[^()]*$")
_ASKED_ABOVE = re.compile(rf"{_ASKS}$")


def is_asked(front: str, above: list[str]) -> bool:
    """Say whether an id is given to a call that asks a model, on its line or on the one it stands under."""
    asked = [_ASKED.search(front[-_REACH:])]
    asked += [_ASKED_ABOVE.search(line[-_REACH:].rstrip()) for line in above[:1]]
    return any(found is not None and _STANDS_FOR.search(found.group()) is None for found in asked)


def calls_models(source: Source) -> bool:
    """Say whether a file speaks the API of models: its paths, or the fields of what is sent there."""
    return any(mark.encode() in source.data for mark in source.catalogue.call_marks)


def _gives(catalogue: Catalogue, front: str) -> bool:
    """Say whether the value behind ``front`` is given to a name, or stands under a word for models."""
    front = front.rstrip()
    if front.endswith(",") and (start := front.rfind("[")) > front.rfind("]"):
        front = front[:start]  # a later item of a list on the same line
    if _GIVES.search(front.rstrip(" \t[({")):
        return True
    front = _OR.sub("", front.rstrip(_BETWEEN))
    return _is_name(catalogue, _SEPARATOR.split(front.rstrip(_BETWEEN))[-1])


def _is_option(catalogue: Catalogue, front: str) -> bool:
    found = _LOOKED_UP.search(front) or _OPTION.search(front)
    return found is not None and _is_name(catalogue, found.group("name"))


def _opens_values(catalogue: Catalogue, line: str) -> bool:
    """Say whether a line that others are indented under opens a list or table of values."""
    line = line.rstrip()
    return line.endswith(_OPENS) and not _DEFINES.match(line) and _gives(catalogue, line[-_REACH:])


def _is_name(catalogue: Catalogue, text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in catalogue.context_words)
