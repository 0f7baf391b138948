"""Read model ids in any text: first the byte search for the families' stems, then a look at each place.

An id counts where it stands as a whole: between quotes, or as the value of a key. Families with common
names need a word that names a model on the line, the line before, or the keys it stands under. Places that
always name a model, and the constants of SDKs, are rows of the catalogue. The id is kept whole; family and
vendor come from the catalogue. What stands in docstrings, prose cells and comments is talk, never use. An id
that only stands there as a word, in a file that calls no model, waits for what the tree says
(:mod:`connectors.code.model_joins`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from connectors.catalogue.tables import Catalogue, Family
from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats import model_context, pairs, rust_tests, stand_ins
from connectors.code.formats.lines import is_comment, line_around, line_before, parents
from connectors.code.formats.model_ids import (
    WEIGHTS,
    family_of,
    identify,
    is_hub_id,
    is_sure,
    owner_of,
    retired_on,
    spelled,
)
from connectors.code.formats.model_mentions import (
    is_alias,
    is_capability,
    is_common_word,
    is_example,
    is_excluded,
    is_mapped,
    is_mention,
    is_named_inside,
    is_template,
    is_title,
)
from connectors.code.formats.model_records import (
    RECORDS,
    is_answered,
    is_in_price_list,
    is_measured,
    is_priced,
    is_result,
)
from connectors.code.formats.talk import Talk
from connectors.model import Grade, Json
from connectors.patterns import compile_pattern

_TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@-"
_EDGES = ".:/@-"
_RIGHT = re.compile(r"[A-Za-z0-9._:/@-]*")
_QUOTES = "\"'`"
_KEY = re.compile(r"(?:[=:,(\[{|>]|=>|:-|\s-|^-|^)$")
"""What may stand before a value, as the last two letters before it and its blanks."""
_SET = re.compile(r"[=:]\s*$")
_BACKTICKS = (
    *(".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts"),
    ".go",
    ".vue",
    ".svelte",
    ".astro",
)
"""Endings of files whose language writes texts between backticks."""
_OPTION = re.compile(r"(?:^|[\s\"'])(?:-m|--?[a-z-]*(?:model|llm|engine)[a-z-]*|ENV\s+\w*MODEL\w*)[ =]$")
_OPTION_ENDS = (" ", "=")
_ARGUMENT = re.compile(r"([\"'`])--?[\w-]{1,60}=$")
"""An option of a program that code starts, with its value in one text: ``"--model=…"``."""
_CAPACITY = re.compile(r"(?<=[a-z0-9])(?<!v\d):\d{1,4}$")
"""What a script of a deployment adds to a model's name: ``text-embedding-3-small:10``, but ``…-v1:0``."""
_KEYED = re.compile(r"model\w*[\"']?\s*[:=]")
"""A place that is a key and its value, and no call: a test makes such a one up."""
_ITEM = re.compile(r"\s*(?:-\s+)?[\"']?(?:name|id)[\"']?\s*:\s*$")
_HOLDERS = ("model", "llm", "embed")
"""What the key above a plain ``name:`` must speak of."""
_AFTER = re.compile(r"\s*(?:$|[,;<\])}#|]|//)|\s")
_CONSTANT = re.compile(r"[A-Za-z0-9_]+")
# Behind such a word, and in quotes of the other kind, stands no value but what is said about one.
_WORD = re.compile(r"(?:^|[\s\"'`])[A-Za-z]+[ ]+$")
# A message: what it quotes is spoken of, however long its list is.
_MESSAGE = re.compile(r"\s*[A-Z][a-z]+(?:[ ,:]+(?:\w+|\{\w*\})[.:,]?){2,}")
_PORT = re.compile(r":\d{2,5}(?:/|$)")
_ADDRESSED = re.compile(r"(?i)(?:url|uri|host|endpoint|addr|address|server)s?[\"']?[^\w\"']{1,4}.{0,60}$")
"""A name in front of what is reached at a port."""
_SEEN_LINES = 5
LEFT_OUT = "lines_left_out"
"""The attribute that counts the further lines of a file that name the model."""
_WINDOW = 400
_LONG_LIST = 2_000
"""Lines above an id among which the key of its list is looked for."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A token as it stands in its line."""

    token: str
    before: str
    after: str

    @property
    def is_quoted(self) -> bool:
        return (
            self.before[-1:] in _QUOTES
            and self.before != ""
            and self.after.lstrip("\\")[:1] == self.before[-1:]
        )


@dataclass(frozen=True, slots=True)
class _Named:
    """A model that a place names; ``named`` says how, where that proves no use by itself."""

    model: str
    vendor: str
    family: str
    named: str = ""
    is_asked: bool = False


_TITLE = re.compile(r"[A-Z][a-z]+")
# The image of a server called after a model; models themselves lie in registries too (hf.co, quay.io).
_IMAGE = re.compile(r"(?:[\w-]+\.)?(?:[\w.-]+\.amazonaws\.com|pkg\.dev|gcr\.io|azurecr\.io)/")


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each model id and its first few lines; the last of them counts those left out."""
    facts: list[Fact] = []
    more: Counter[str] = Counter()
    seen: dict[str, int] = {}
    last_at: dict[str, int] = {}
    talk = Talk(source)
    calls: bool | None = None
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        found = _READERS[hit.hit_class](source, hit)
        if found is None or _IMAGE.match(found.model):
            continue
        if last_at.get(found.model) == line or talk.holds(hit.start):
            continue
        if seen.get(found.model, 0) >= _SEEN_LINES:
            last_at[found.model] = line
            more[found.model] += 1
            continue
        seen[found.model] = seen.get(found.model, 0) + 1
        last_at[found.model] = line
        if found.named and calls is None:
            calls = model_context.calls_models(source)
        named = found.named
        if calls and named not in ("", model_context.LISTED):
            named = "" if found.is_asked else model_context.SPOKEN
        facts.append(_fact(source, found, line, named))
    last_of = {fact.identifier: index for index, fact in enumerate(facts)}
    for index, fact in enumerate(facts):
        count = more[fact.identifier] if last_of[fact.identifier] == index else 0
        yield replace(fact, attributes={**fact.attributes, LEFT_OUT: count}) if count else fact


def _fact(source: Source, found: _Named, line: int, named: str) -> Fact:
    attributes: dict[str, Json] = {"family": found.family} if found.family else {}
    if named and named != model_context.LISTED:
        attributes[model_context.NAMED] = named
    retired = retired_on(source.catalogue, found.model)
    if retired:
        attributes["retired"] = retired
    return Fact(
        kind="model",
        provider=found.vendor,
        identifier=found.model,
        name=found.model,
        grade=Grade.CONFIGURED if source.syntax == "config" else Grade.CALLED,
        line=line,
        model=found.model,
        standing=not named,
        attributes=attributes,
    )


def _at_place(source: Source, hit: Hit) -> _Named | None:
    row = source.catalogue.place[hit.row]
    text, column = line_around(source.data, hit.start)
    if is_comment(text):
        return None
    pattern = compile_pattern(row.pattern)
    # One line may hold several places: the one that is meant holds the hit.
    found = next((one for one in pattern.finditer(text) if one.start() <= column < one.end()), None)
    if found is None:  # the call may go on below
        start = max(hit.start - len(text[:column].encode()), 0)
        window = source.data[start : hit.end + _WINDOW].decode("utf-8", "replace")
        found = next((one for one in pattern.finditer(window) if one.end() > column), None)
        found = found if found is not None and found.start() <= column else None
    if found is None:
        return None
    model = str(found.group("id"))
    if row.unless and compile_pattern(row.unless).search(_call_behind(source, hit.end)):
        return None
    if row.without and compile_pattern(row.without).search(str(found.group())):
        return None
    if stand_ins.is_model(source.catalogue, model):
        return None
    if row.waits and (source.syntax != "source" or not is_hub_id(model)):
        return None
    family = family_of(source.catalogue, model)
    if row.waits and family is not None:
        return None  # found by its stem, and looked at as such
    named = _told_at_place(source, hit, model, text[:column], found.group())
    if family is not None and not family.whole:
        return _Named(model, family.vendor, family.name, named)
    named = named or (model_context.BARE if row.waits else "")
    return _Named(model, owner_of(source.catalogue, model) or row.vendor, "", named)


def _told_at_place(source: Source, hit: Hit, model: str, front: str, place: str) -> str:
    """Return how a place names a model: not as one in use, only by a key in code, or as in use (empty)."""
    is_told = source.name.endswith(RECORDS) or _is_result(source, hit)
    if is_told or (_is_short(model) and is_mention(front, '"', [], source.name)):
        return model_context.LISTED
    is_key = source.syntax == "source" and "(" not in place and _KEYED.match(place) is not None
    if is_key and not model_context.is_asked(front, parents(source.data, hit.start, levels=1)):
        return model_context.SPOKEN
    return ""


def _is_short(model: str) -> bool:
    """Say whether an id is so short that its place alone tells it from other words: ``o1``."""
    return "-" not in model and "/" not in model


def _around(source: Source, hit: Hit, reach: int = _WINDOW // 2) -> str:
    """Return what stands around a hit, lines above and below included."""
    return source.data[max(0, hit.start - reach) : hit.start + reach].decode("utf-8", "replace")


def _is_result(source: Source, hit: Hit) -> bool:
    return source.syntax == "config" and is_result(_around(source, hit, 2 * _WINDOW))


def _call_behind(source: Source, place: int) -> str:
    """Return what follows a place of a call, as far as its closing bracket."""
    return source.data[place : place + _WINDOW].decode("utf-8", "replace").partition(")")[0]


def _at_constant(source: Source, hit: Hit) -> _Named | None:
    """Read a constant of an SDK (``ChatModel.GPT_4O``) as the id it stands for, where that is sure."""
    text, column = line_around(source.data, hit.start)
    prefix = source.catalogue.model_constant[hit.row].literal
    name = _CONSTANT.match(text, column + len(prefix))
    if name is None or is_comment(text) or (text[:column][-1:].isalnum()):
        return None
    if _defines(source, prefix.partition(".")[0]):
        return None  # constants of its own, which may stand for other ids
    kept = source.catalogue.model_constant[hit.row].keep
    for model in spelled(kept + name.group()):
        family = family_of(source.catalogue, model)
        if family is not None and not family.whole:
            return _Named(model, family.vendor, family.name)
    return None


def _defines(source: Source, name: str) -> bool:
    """Say whether a file defines a class or a set of constants itself."""
    return re.search(rb"\b(?:class|enum|object|interface|struct)\s+" + name.encode(), source.data) is not None


def _at_stem(source: Source, hit: Hit) -> _Named | None:
    text, column = line_around(source.data, hit.start)
    right = _RIGHT.match(text, column)
    assert right is not None
    start, end = len(text[:column].rstrip(_TOKEN)), right.end()
    token = text[start:end]
    stripped = token.lstrip(_EDGES)
    start += len(token) - len(stripped)
    stripped = stripped.rstrip(_EDGES)
    end = start + len(stripped)
    stripped = _CAPACITY.sub("", stripped)
    family = source.catalogue.family[hit.row]
    model = identify(source.catalogue, family, stripped)
    if not model or is_comment(text) or stand_ins.is_model(source.catalogue, model):
        return None
    if _TITLE.fullmatch(stripped) and is_common_word(family, model):
        return None  # what people call it: DeepSeek("Qwen", 14)
    if _PORT.search(text[start:end]) and _ADDRESSED.search(text[:start]):
        return None
    if stripped.endswith(WEIGHTS) and token.startswith(("/", "./")):
        start -= len(token) - len(token.lstrip(_EDGES))  # a file's path begins there
    place = _Place(stripped, text[:start], text[end:])
    if place.before[-1:] == "`" and source.syntax == "source" and not source.name.endswith(_BACKTICKS):
        return None  # markdown in a text: no other language quotes so
    if not _is_named(source, hit, family, place):
        return None
    named = _named(source, hit, family, model, place, end - column)
    is_asked = bool(named) and model_context.is_asked(place.before, parents(source.data, hit.start, levels=1))
    if family.whole:
        return _Named(model, owner_of(source.catalogue, model) or family.vendor, "", named, is_asked)
    return _Named(model, family.vendor, family.name, named, is_asked)


def _named(source: Source, hit: Hit, family: Family, model: str, place: _Place, length: int) -> str:
    """Return how an id stands that is a model's; ``length``: bytes from the hit to the end of the id."""
    behind = source.data[hit.start + length :][:_WINDOW].decode("utf-8", "replace")
    if is_named_inside(source.catalogue, model, place.before, behind) or is_priced(place.before, behind):
        return model_context.LISTED
    if rust_tests.is_inside(source.data, hit.start, source.name):
        return model_context.LISTED
    above = parents(source.data, hit.start, levels=1)
    if is_excluded(place.before.rstrip(_QUOTES), above) or is_alias(source.name, place.before, above):
        return model_context.LISTED
    around = _around(source, hit)
    if is_answered(around, source.syntax) or _is_result(source, hit):
        return model_context.LISTED
    if is_capability(source.data, above, place.before) or is_in_price_list(place.before, around, behind):
        return model_context.LISTED
    if is_measured(place.before, behind) or is_mapped(place.before, behind, above):
        return model_context.LISTED
    if not place.is_quoted:
        is_shown = is_example(place.before) or is_template(place.before) or source.name.endswith(RECORDS)
        return model_context.LISTED if is_shown else model_context.GIVEN
    common = model if is_common_word(family, model) else ""
    named = model_context.named_by(source, hit, place.before, behind, common)
    is_label = is_title(model, place.before, _around(source, hit, _WINDOW))
    return model_context.LISTED if is_label else named


def _is_named(source: Source, hit: Hit, family: Family, place: _Place) -> bool:
    if place.is_quoted and _is_in_sentence(place.before):
        return False
    if place.is_quoted and (not family.needs_context or is_sure(source.catalogue, family, place.token)):
        return True
    has_context = _has_context(source.catalogue, place.before + " " + place.after)
    if place.is_quoted:
        return has_context or _near_context(source, hit)
    if place.before[-1:] in _OPTION_ENDS and _is_option(source, place):
        return True
    if (
        source.syntax != "config"
        or not _KEY.search(place.before.rstrip()[-2:])
        or not _AFTER.match(place.after or "\n")
    ):
        is_key = place.before.strip() in ("", '"', "'") and place.after.lstrip("\"'").startswith(":")
        return source.syntax == "config" and is_key and _near_context(source, hit)
    if not place.before.strip() and place.after.strip():
        return False  # the first word of a line of text
    if source.name.endswith(".json") and not _SET.search(place.before):
        return False  # brackets and commas inside of a string are a sentence's
    if _ITEM.match(place.before):
        above = parents(source.data, hit.start, levels=1)
        return any(word in above[0].lower() for word in _HOLDERS) if above else False
    if name := pairs.name_of(source.data, hit.start, place.before):
        return _has_context(source.catalogue, name)
    return _has_context(source.catalogue, place.before) or (
        place.before.strip(" \t-[\"'") == "" and _near_context(source, hit)
    )


def _is_option(source: Source, place: _Place) -> bool:
    """Say whether an id is the value of an option that takes a model."""
    if source.syntax != "config":
        whole = _ARGUMENT.search(place.before)
        if whole is None or place.after[:1] != whole[1]:
            return False
    return _OPTION.search(place.before) is not None


def _is_in_sentence(before: str) -> bool:
    """Say whether a quoted word stands in a text that is quoted itself: ``"for example 'x'"``."""
    others = [other for other in _QUOTES.replace(before[-1], "") if before.count(other) % 2]
    if not others:
        return False
    is_told = any(_MESSAGE.match(before[before.rfind(other) + 1 :]) for other in others)
    return is_told or bool(_WORD.search(before[:-1]))


def _near_context(source: Source, hit: Hit) -> bool:
    """Look at the line before and at the keys that the line stands under."""
    # A list of what can be chosen has hundreds of lines below its key.
    keys = parents(source.data, hit.start, reach=_LONG_LIST, openers=True)
    above = [line_before(source.data, hit.start), *keys]
    return any(_has_context(source.catalogue, line) for line in above)


def _has_context(catalogue: Catalogue, text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in catalogue.context_words)


_READERS = {"model": _at_stem, "model-place": _at_place, "model-constant": _at_constant}
