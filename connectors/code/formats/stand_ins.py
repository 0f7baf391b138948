"""Tell names that are still to be filled in: of stores, of hosts, of models.

One list for all of them (``placeholder_words`` in the catalogue's ``data.toml``). What stands in an example
under such a name is not there: nobody keeps anything in ``your-bucket``.
"""

from __future__ import annotations

import re
from functools import cache

from connectors.catalogue.tables import Catalogue
from connectors.code.globs import to_regex

_BETWEEN = re.compile(r"[^A-Za-z0-9]+")
_CROSSES = re.compile(r"x{2,}")


def is_store(catalogue: Catalogue, name: str) -> bool:
    """Say whether a store's name stands for one still to be filled in."""
    rules, words = catalogue.placeholder_words, _words(name)
    if not words or _globs(catalogue.placeholders).fullmatch(name.lower()):
        return True
    is_plain = all(word in rules.plain or word in rules.telling for word in words)
    is_told = _tells(words, rules.telling, rules.before_nouns, rules.nouns) or words[-1] in rules.at_end
    return is_plain or is_told or _is_glued(words[0], (*rules.telling, *rules.before_nouns), rules.nouns)


def is_label(catalogue: Catalogue, label: str) -> bool:
    """Say whether a label of a host stands for one: a word tells it, or it is nothing but general ones."""
    rules, words = catalogue.placeholder_words, _words(label)
    if any(word in rules.telling or word in rules.in_hosts or _CROSSES.fullmatch(word) for word in words):
        return True
    is_general = all(word in rules.of_hosts for word in words)
    return is_general and any(word in rules.hosts_need for word in words)


def is_model(catalogue: Catalogue, model: str) -> bool:
    """Say whether a model's id, or its owner (``your-org/model``), stands for one."""
    rules = catalogue.placeholder_words
    owner, slash, _ = model.lower().partition("/")
    if slash and owner in rules.owners:
        return True
    return any(
        _tells(_words(part), rules.telling, rules.before_models, rules.of_models) for part in model.split("/")
    )


def _tells(words: list[str], alone: tuple[str, ...], before: tuple[str, ...], nouns: tuple[str, ...]) -> bool:
    """Say whether the first words of a name tell it: ``your-…``, ``xxx-…``, ``my-bucket``."""
    if not words:
        return False
    is_alone = words[0] in alone or _CROSSES.fullmatch(words[0]) is not None
    return is_alone or (words[0] in before and len(words) > 1 and words[1] in nouns)


def _is_glued(word: str, told: tuple[str, ...], nouns: tuple[str, ...]) -> bool:
    """Say whether a word is two of them in one: ``yourpath``, ``mybucket2``."""
    plain = word.rstrip("0123456789")
    return any(plain.startswith(first) and plain[len(first) :] in nouns for first in told)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _BETWEEN.split(name) if word]


@cache
def _globs(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(to_regex, globs)) or r"(?!)")
