"""Read model ids in any text: first the byte search for the families' stems, then a look at each place.

An id counts where it stands as a whole: between quotes, or as the value of a key. Families with common
names need a word that names a model on the line, the line before, or the keys it stands under. The id is
kept whole; family and vendor come from the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.catalogue.tables import Catalogue, Family
from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.lines import is_comment, line_around, line_before, parents
from connectors.model import Grade
from connectors.patterns import compile_pattern

_LEFT = re.compile(r"[A-Za-z0-9._:/@-]*$")
_RIGHT = re.compile(r"[A-Za-z0-9._:/@-]*")
_QUOTES = "\"'`"
_FILE = re.compile(
    r"\.(?:md|mdx|py|ipynb|json|ya?ml|toml|txt|gguf|bin|pt|onnx|safetensors|png|jpe?g|svg|webp|gif|tsx?|jsx?|mjs|html?|css|sh|go|java|cs|csv|zip|gz|pdf)$"
)
_ARN = re.compile(r".*(?:foundation-model|inference-profile|custom-model|models)/")
_KEY = re.compile(r"(?:[=:,(\[{|>]|=>|\s-|^-|^)\s*$")
_AFTER = re.compile(r"\s*(?:$|[,;\])}#|]|//)|\s")
_SEEN_LINES = 5


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


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each model id and its first few lines."""
    seen: dict[str, int] = {}
    last_at: dict[str, int] = {}
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        found = _at_place(source, hit) if hit.hit_class == "model-place" else _at_stem(source, hit)
        if found is None:
            continue
        model, vendor, family = found
        if last_at.get(model) == line or seen.get(model, 0) >= _SEEN_LINES:
            continue
        seen[model] = seen.get(model, 0) + 1
        last_at[model] = line
        yield Fact(
            kind="model",
            provider=vendor,
            identifier=model,
            name=model,
            grade=Grade.CONFIGURED if source.syntax == "config" else Grade.CALLED,
            line=line,
            model=model,
            attributes={"family": family} if family else {},
        )


def _at_place(source: Source, hit: Hit) -> tuple[str, str, str] | None:
    row = source.catalogue.place[hit.row]
    text, _ = line_around(source.data, hit.start)
    found = None if is_comment(text) else compile_pattern(row.pattern).search(text)
    if found is None:
        return None
    model = str(found.group("id"))
    family = next((item for item in source.catalogue.family if _belongs(source.catalogue, item, model)), None)
    return (
        model,
        family.vendor if family else _owner(source.catalogue, model) or row.vendor,
        family.name if family else "",
    )


def _at_stem(source: Source, hit: Hit) -> tuple[str, str, str] | None:
    text, column = line_around(source.data, hit.start)
    left = _LEFT.search(text[:column])
    right = _RIGHT.match(text, column)
    assert left is not None
    assert right is not None
    start, end = left.start(), right.end()
    token = text[start:end]
    stripped = token.lstrip(".:/@-")
    start += len(token) - len(stripped)
    stripped = stripped.rstrip(".:/@-")
    end = start + len(stripped)
    family = source.catalogue.family[hit.row]
    model = identify(source.catalogue, family, stripped)
    if not model or is_comment(text):
        return None
    place = _Place(stripped, text[:start], text[end:])
    if not _is_named(source, hit, family, place):
        return None
    return model, family.vendor, family.name


def identify(catalogue: Catalogue, family: Family, token: str) -> str:
    """Return the model id that a token is when it is one of the family; empty when it is none.

    What only says where the model is served from a client's point of view (an ARN, ``provider:``) is not
    part of the id; owner paths, cloud prefixes, tags and versions are.
    """
    if "://" in token or token.count("/") > 4 or len(token) > 150 or _FILE.search(token.lower()):
        return ""
    model = _ARN.sub("", token)
    if _belongs(catalogue, family, model):
        return model
    _, colon, behind = model.partition(":")
    return behind if colon and _belongs(catalogue, family, behind) else ""


def _belongs(catalogue: Catalogue, family: Family, model: str) -> bool:
    bare = model.lower().rsplit("/", 1)[-1]
    for prefix in catalogue.cloud_prefixes:
        bare = bare.removeprefix(prefix)
    vendor, dot, rest = bare.partition(".")
    if dot and vendor in catalogue.bedrock_vendors:
        bare = rest
    pattern = compile_pattern(family.pattern)
    return bool(pattern.fullmatch(bare) or pattern.fullmatch(bare.partition(":")[0]))


def _owner(catalogue: Catalogue, model: str) -> str:
    return catalogue.owners.get(model.partition("/")[0].lower(), "")


def _is_named(source: Source, hit: Hit, family: Family, place: _Place) -> bool:
    if place.is_quoted and not family.needs_context:
        return True
    has_context = _has_context(source.catalogue, place.before + " " + place.after)
    if place.is_quoted:
        return has_context or _near_context(source, hit)
    if source.syntax != "config" or not _KEY.search(place.before) or not _AFTER.match(place.after or "\n"):
        is_key = place.before.strip() in ("", '"', "'") and place.after.lstrip("\"'").startswith(":")
        return source.syntax == "config" and is_key and _near_context(source, hit)
    if not place.before.strip() and place.after.strip():
        return False  # the first word of a line of text
    return _has_context(source.catalogue, place.before) or (
        place.before.strip(" \t-[\"'") == "" and _near_context(source, hit)
    )


def _near_context(source: Source, hit: Hit) -> bool:
    """Look at the line before and at the keys that the line stands under."""
    above = [line_before(source.data, hit.start), *parents(source.data, hit.start)]
    return any(_has_context(source.catalogue, line) for line in above)


def _has_context(catalogue: Catalogue, text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in catalogue.context_words)
