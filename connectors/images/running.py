"""Read what an image runs as: its name, entry point, command and variables, with the code formats' own eyes.

The configuration is put into the words of a Dockerfile and read as one, so that a model id in a variable or
a server's command means here what it means in a repository. Values are read and never kept: what leaves are
the facts, and the names of variables.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from connectors.code.facts import Fact
from connectors.code.registry import Formats
from connectors.images.knowledge import load_knowledge
from connectors.images.manifests import ImageConfig
from connectors.kinds import KINDS
from connectors.model import Grade

PLACE = "image-config"
"""The locator of what an image's configuration says."""
MAX_VARIABLES = 500
_NAME = "Dockerfile"
_COMMAND = "the image's command"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,199}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,95}){0,2}")


def variable_names(config: ImageConfig) -> list[str]:
    """Return the names of the variables that the image sets, in order; their values stay behind."""
    names = (line.partition("=")[0] for line in config.env[:MAX_VARIABLES])
    return list(dict.fromkeys(name for name in names if _VARIABLE.fullmatch(name)))


def facts(config: ImageConfig, names: tuple[str, ...], formats: Formats) -> Iterator[tuple[str, Fact]]:
    """Yield the format and fact of everything that the image's configuration and names say."""
    words = _words(config)
    lines = [(f"FROM {name}", "the image's own name") for name in names]
    lines += [(f"ENV {name}={value}", f"ENV {name}") for name, value in _variables(config)]
    # As a shell would be given it: what is quoted there could not be read as the words of a command.
    lines.append((f"CMD {' '.join(words)}", _COMMAND))
    data = "\n".join(line for line, _ in lines).encode("utf-8", "replace")
    has_server = False
    for name, fact in formats.read(data, _NAME, formats.plan(_NAME)).facts:
        if fact.kind not in KINDS:
            continue
        where = lines[fact.line - 1][1] if 0 < fact.line <= len(lines) else ""
        has_server = has_server or (where == _COMMAND and fact.identifier.startswith("command/"))
        yield name, replace(fact, line=0, detail=where)
    if has_server:
        yield from _served(words)


def _served(words: list[str]) -> Iterator[tuple[str, Fact]]:
    """Yield the model that a server's command names."""
    rows = load_knowledge()
    for place, word in enumerate(words):
        option, equals, given = word.partition("=")
        following = words[place + 1] if place + 1 < len(words) else ""
        is_named = option in rows.model_options
        if not is_named and not (word in rows.model_follows and "/" in following):
            continue
        model = given if equals and is_named else following
        # A path or a variable names no model that is known elsewhere.
        if _MODEL.fullmatch(model):
            yield (
                PLACE,
                Fact(
                    kind="model",
                    provider=model.partition("/")[0].lower() if "/" in model else "self-hosted",
                    identifier=model,
                    name=model,
                    grade=Grade.CONFIGURED,
                    model=model,
                    detail=_COMMAND,
                ),
            )
            return


def _variables(config: ImageConfig) -> Iterator[tuple[str, str]]:
    for line in config.env[:MAX_VARIABLES]:
        name, _, value = line.partition("=")
        if _VARIABLE.fullmatch(name):
            yield name, " ".join(value[:2_000].split())


def _words(config: ImageConfig) -> list[str]:
    """Return entry point and command as words; a shell's one string is split as the shell would."""
    words: list[str] = []
    for word in (*config.entrypoint, *config.command):
        if not any(char.isspace() for char in word):
            words.append(word)
            continue
        try:
            words += shlex.split(word[:4_000], posix=True)
        except ValueError:
            words += word[:4_000].split()
    return [" ".join(word.split()) for word in words[:500]]
