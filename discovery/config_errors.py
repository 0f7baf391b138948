"""Tell people what is wrong in their configuration: every mistake, its file and line, the nearest right word.

No text here ever holds a value that could be a secret: mistakes name the option and the type, and what a
validator says about a value goes through the redactor.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from connectors.errors import ConfigError
from connectors.secrets import redact
from discovery.config_lines import Lines, Path

_WANTED = {
    "bool": "true or false",
    "dict": "a table",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "model": "a table",
    "string": "a text in quotes",
    "tuple": "a list",
}
_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing to fix: ``text`` says what and how, ``where`` is ``file:line`` and the table."""

    text: str
    where: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.where else self.text


class ConfigMistakes(ConfigError):
    """Everything that is wrong with a configuration, in the order of the file.

    Pickles into a plain list of the same texts, like every error of the family.
    """

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", mistakes: tuple[Mistake, ...] = ()
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.mistakes = mistakes

    @classmethod
    def of(cls, mistakes: Iterable[Mistake]) -> ConfigMistakes:
        """Gather ``mistakes``, sorted by line, each once."""
        ordered = tuple(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line or 0))
        count = f"{len(ordered)} mistakes" if len(ordered) != 1 else "1 mistake"
        listing = "\n".join(f"  {mistake}" for mistake in ordered)
        return cls(f"the configuration has {count}:\n{listing}", mistakes=ordered)


class Reporter:
    """Collect the mistakes of one configuration file."""

    def __init__(self, file: str, lines: Lines) -> None:
        self.file = file
        self.lines = lines
        self.mistakes: list[Mistake] = []

    def add(self, text: str, path: Path = (), *, is_table: bool = False) -> None:
        """Note a mistake at ``path``, an option or (``is_table``) a table as a whole."""
        line = self.lines.of(path)
        where = f"{self.file}:{line}" if line else self.file
        table = _table_name(path if is_table else path[:-1])
        self.mistakes.append(
            Mistake(text=redact(text), where=f"{where} in {table}" if table else where, line=line)
        )

    def unknown(
        self, what: str, path: Path, known: Iterable[str], also: Mapping[str, str] | None = None
    ) -> None:
        """Note that the last word of ``path`` is unknown; ``also`` says where else such a word belongs."""
        word = str(path[-1])
        choices = sorted(known)
        text = f"unknown {what} `{word}`"
        if also and word in also:
            text += f"; it belongs in {also[word]}"
        elif near := nearest(word, choices):
            text += f"; did you mean `{near}`?"
        elif choices:
            text += f"; known are {', '.join(f'`{choice}`' for choice in choices)}"
        self.add(text, path)

    def validation(
        self,
        error: ValidationError,
        path: Path,
        model: type[BaseModel],
        also: Mapping[str, str] | None = None,
        extra_options: tuple[str, ...] = (),
    ) -> None:
        """Note everything pydantic found in the table at ``path``.

        ``extra_options`` are further names that are right at the top of that table; ``also`` names the
        tables where other options belong.
        """
        for detail in error.errors(include_url=False, include_context=True, include_input=True):
            full: Path = (*path, *detail["loc"])
            if detail["type"] == "extra_forbidden":
                is_top = len(detail["loc"]) == 1
                known = [
                    *options_of(_model_at(model, detail["loc"][:-1])),
                    *(extra_options if is_top else ()),
                ]
                self.unknown("option", full, known, also if is_top else None)
            elif detail["type"] == "missing":
                self.add(f"the option `{full[-1]}` is missing", full)
            elif not detail["loc"]:
                self.add(_complaint(detail).removeprefix("is wrong: "), path, is_table=True)
            else:
                # Members of a union add words of their own to the path; the text knows only real keys.
                written = self.lines.known(full)
                at = written if len(written) > len(path) else full[: len(path) + 1]
                name = ".".join(str(word) for word in at[len(path) :])
                self.add(f"`{name}` {_complaint(detail)}", at)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is most like ``word``, or ``None`` when none is."""
    by_form = {choice.lower().replace("-", "_"): choice for choice in choices}
    near = difflib.get_close_matches(word.lower().replace("-", "_"), by_form, n=1, cutoff=0.6)
    return by_form[near[0]] if near else None


def options_of(model: type[BaseModel] | None) -> list[str]:
    """Return the names by which a model's options are written."""
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def type_name(value: object) -> str:
    """Return in plain words what kind of TOML value this is, never the value."""
    return _NAMES.get(type(value), f"a {type(value).__name__}")


def _complaint(detail: ErrorDetails) -> str:
    kind = detail["type"]
    wanted = _WANTED.get(kind.removesuffix("_type").split("_")[0])
    if wanted and (kind.endswith(("_type", "_parsing", "_from_float")) and kind != "model_attributes_type"):
        return f"must be {wanted}, not {type_name(detail['input'])}"
    if kind in ("literal_error", "enum"):
        expected = str((detail.get("ctx") or {}).get("expected", ""))
        choices = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
        near = nearest(str(detail["input"]), choices) if isinstance(detail["input"], str) else None
        return f"must be one of {expected}" + (f"; did you mean {near!r}?" if near else "")
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"is wrong: {message[:1].lower() + message[1:]}"


def _model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Return the model that validates the table at ``loc`` below ``model``, if it is one."""
    current: type[BaseModel] | None = model
    for word in loc:
        if isinstance(word, int) or current is None:
            continue
        fields = {field.alias or name: field for name, field in current.model_fields.items()}
        if word not in fields:
            return None
        current = model_in(fields[word].annotation)
    return current


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the first pydantic model inside a type such as ``tuple[Model, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = model_in(inner)
        if found is not None:
            return found
    return None


def _table_name(path: Path) -> str:
    words = [str(word) for word in path if not isinstance(word, int)]
    return f"[{'.'.join(words)}]" if words else ""
