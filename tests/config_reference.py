"""Write config.example.toml and the tables of docs/configuration.md: ``python -m tests.config_reference``."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connectors import registry
from discovery.config import SECTIONS
from discovery.config_errors import model_in
from discovery.config_sections import InstanceSection

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "config.example.toml"
PAGE = ROOT / "docs" / "configuration.md"
OURS = (
    "code",
    "images",
    "github",
    "gitlab",
    "bitbucket",
    "bitbucket_data_center",
    "azure_devops",
    "gitea",
    "aws",
    "openai",
)
# What stands in the example for options that have no default and must be given.
REQUIRED = {
    "workspaces": ["acme"],
    "organizations": ["acme"],
    "base_url": "https://git.example.org",
}
_BLOCK = re.compile(r"(<!-- generated: config-options -->\n).*?(<!-- end -->)", re.DOTALL)
_HEAD = """\
# Every option of aicensus with its default. Written from the code; a test compares.
#
# Copy what you change. Where an option has no default, an example stands behind a `#`.
# Secrets are references: { env = "NAME" }, { file = "PATH" } or { keyring = "SERVICE/NAME" }.
# Check a file with `aicensus config check --config FILE`.
"""


def sections() -> Iterator[tuple[str, list[type[BaseModel]]]]:
    """Return every table with the models of its options; the first connector shows the common ones."""
    for name, model in SECTIONS.items():
        yield name, [model]
    common: list[type[BaseModel]] = [InstanceSection]
    for connector in OURS:
        yield f"connectors.{connector}.main", [*common, registry.info(connector).config_model]
        common = []


def example() -> str:
    """Write config.example.toml."""
    lines = [_HEAD]
    for name, models in sections():
        lines += [f"# {_title(name, models)}", f"[{name}]"]
        for model in models:
            if model is InstanceSection:
                lines += ["# --- options of every instance of every connector ---", ""]
            elif InstanceSection in models:
                lines += ["# --- options of this connector ---", ""]
            for option, field in options(model):
                lines += [*_comment(field), _assignment(model, option, field), ""]
    return "\n".join(lines).rstrip() + "\n"


def options(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Return the options of a model as they are written, in order."""
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def default_of(model: type[BaseModel], option: str, field: FieldInfo) -> Any:
    """Return an option's default as TOML knows it; ``None`` when it has none."""
    if field.is_required():
        return None
    built = model.model_construct(**{option: field.get_default(call_default_factory=True, validated_data={})})
    return built.model_dump(mode="json", by_alias=True)[option]


def table() -> str:
    """Write the tables of docs/configuration.md."""
    lines: list[str] = []
    for name, models in sections():
        lines += ["", f"### `[{name}]`", "", _title(name, models), ""]
        lines += ["| option | default | meaning |", "|---|---|---|"]
        for model in models:
            for option, field in options(model):
                default = default_of(model, option, field)
                none = "required" if field.is_required() else "none"
                shown = none if default is None else f"`{toml(default)}`"
                lines.append(f"| `{option}` | {shown} | {(field.description or '').replace('|', '/')} |")
    return "\n".join(lines).strip()


def page(text: str) -> str:
    """Return docs/configuration.md with its tables written anew."""
    return _BLOCK.sub(lambda match: f"{match[1]}\n{table()}\n\n{match[2]}", text)


def toml(value: Any) -> str:
    """Write a value as TOML on one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _title(name: str, models: list[type[BaseModel]]) -> str:
    if name.startswith("connectors."):
        connector = name.split(".")[1]
        return (
            f"{registry.info(connector).title}: one table for each instance; `main` is a name of your choice."
        )
    return (models[0].__doc__ or "").partition("\n")[0]


def _comment(field: FieldInfo) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(field.description or "", 100)]


def _assignment(model: type[BaseModel], option: str, field: FieldInfo) -> str:
    default = default_of(model, option, field)
    if default is not None:
        return f"{option} = {toml(default)}"
    if field.is_required():
        return f"{option} = {toml(REQUIRED[option])}"
    if field.examples:
        return f"# {option} = {toml(field.examples[0])}"
    inner = model_in(field.annotation)
    if inner is not None:
        return f"# {option} = {{ {', '.join(f'{name} = {_blank(one)}' for name, one in options(inner))} }}"
    return f"# {option} = {_blank(field)}" if "SecretRef" in str(field.annotation) else f"# {option} = ..."


def _blank(field: FieldInfo) -> str:
    return '{ env = "NAME" }' if "SecretRef" in str(field.annotation) else '""'


def main() -> None:
    """Renew both files."""
    EXAMPLE.write_text(example(), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
