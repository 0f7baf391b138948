"""Walk over every command, read command lines without running them, and write the reference page."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from discovery.cli.app import SECTIONS, cli
from discovery.cli.lazy import Command, Example, Group

PAGE = Path(__file__).resolve().parents[3] / "docs" / "cli.md"
_BLOCK = re.compile(r"(<!-- generated: commands -->\n).*?(<!-- end -->)", re.DOTALL)


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its full path, groups before their verbs."""
    root = click.Context(cli, info_name="aicensus")
    for section in SECTIONS:
        for entry in section.entries:
            command = cli.get_command(root, entry.name)
            assert command is not None
            yield from _with_verbs(entry.name, command)


def _with_verbs(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, verb in command.commands.items():
            yield from _with_verbs(f"{path} {name}", verb)


def examples_of(command: click.Command) -> tuple[Example, ...]:
    assert isinstance(command, Command | Group)
    return command.examples


def parse(line: str) -> click.Context:
    """Read a command line as the program would; raises ``click.UsageError`` where it does not hold."""
    words = shlex.split(line)
    assert words[0] == "aicensus"
    command: click.Command = cli
    context = click.Context(cli, info_name="aicensus")
    rest = words[1:]
    while isinstance(command, click.Group):
        group_context = command.make_context(command.name or "aicensus", list(rest), parent=context)
        _, found, rest = command.resolve_command(
            group_context, [*group_context._protected_args, *group_context.args]
        )
        assert found is not None
        command, context = found, group_context
    return command.make_context(command.name, list(rest), parent=context)


def reference() -> str:
    """Write the help of every command as Markdown."""
    return "\n\n".join(_section(path, command) for path, command in every_command())


def _section(path: str, command: click.Command) -> str:
    depth = "##" if " " not in path else "###"
    summary = (command.help or "").strip().replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n")
    parts = [f"{depth} aicensus {path}", re.sub(r" +", " ", summary).replace("\n ", "\n")]
    rows = _rows(command)
    if rows:
        parts.append("\n".join(["| option or argument | meaning |", "|---|---|", *rows]))
    lines = "\n".join(f"# {example.what}\n{example.line}" for example in examples_of(command))
    parts.append(f"```sh\n{lines}\n```")
    return "\n\n".join(parts)


def _rows(command: click.Command) -> list[str]:
    context = click.Context(command, info_name=command.name)
    rows = []
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if isinstance(parameter, click.Argument) or record is None:
            name, meaning = parameter.make_metavar(context), "as said above"
        else:
            name, meaning = record[0], " ".join(record[1].split())
        escaped = [text.replace("|", "\\|") for text in (name, meaning)]
        rows.append(f"| `{escaped[0]}` | {escaped[1]} |")
    return rows


def renewed(text: str) -> str:
    """Return the page with its generated part written anew."""
    return _BLOCK.sub(lambda match: f"{match[1]}\n{reference()}\n\n{match[2]}", text)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
