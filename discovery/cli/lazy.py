"""Commands that carry examples, and groups that import a command only when it is called."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

_WIDTH = 90


@dataclass(frozen=True, slots=True)
class Example:
    """A command line that works as it stands, and what it is good for."""

    line: str
    what: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that is imported on use: ``target`` is ``module:attribute``, ``help`` its first line."""

    name: str
    target: str
    help: str


@dataclass(frozen=True, slots=True)
class Section:
    """A titled run of commands on the first help page."""

    title: str
    entries: tuple[Entry, ...]


def _write_examples(examples: Sequence[Example], formatter: click.HelpFormatter) -> None:
    if not examples:
        return
    with formatter.section("Examples"):
        for example in examples:
            indent = " " * formatter.current_indent
            formatter.write(f"{indent}{_folded(example.line, indent)}\n")
            with formatter.indentation():
                formatter.write_text(example.what)


def _folded(line: str, indent: str) -> str:
    """Break a long command line before its options, so that it can still be pasted."""
    if len(line) <= _WIDTH:
        return line
    first, *rest = line.split(" --")
    return "".join([first, *(f" \\\n{indent}    --{piece}" for piece in rest)])


class Command(click.Command):
    """A click command that shows ``examples`` at the end of its help."""

    def __init__(self, *args: Any, examples: Sequence[Example] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples below the options."""
        _write_examples(self.examples, formatter)


class Group(click.Group):
    """A noun with verbs; a call without a verb runs ``default``, when there is one."""

    command_class = Command

    def __init__(
        self, *args: Any, default: str = "", examples: Sequence[Example] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.default = default
        self.examples = tuple(examples)
        self.no_args_is_help = not default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default verb in front of options that are given without one."""
        if self.default and (not args or (args[0].startswith("-") and args[0] not in ("--help", "-h"))):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one may have been meant."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            raise click.UsageError(_unknown(name, self.list_commands(ctx), ctx.command_path), ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which they were written."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs, the default one marked."""
        rows = []
        for name, command in self.commands.items():
            mark = " (the default)" if name == self.default else ""
            rows.append((name, command.get_short_help_str(limit=200).rstrip(".") + mark + "."))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples below the verbs."""
        _write_examples(self.examples, formatter)


class LazyGroup(Group):
    """The first page: commands in sections, none of them imported to print it."""

    def __init__(self, *args: Any, sections: Sequence[Section] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = tuple(sections)
        self._entries = {entry.name: entry for section in sections for entry in section.entries}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the sections."""
        return list(self._entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command that is asked for."""
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command without importing it twice."""
        name = args[0]
        if not name.startswith("-") and name not in self._entries:
            raise click.UsageError(_unknown(name, self._entries, ctx.command_path), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every section from its entries alone."""
        width = max(map(len, self._entries))
        for section in self.sections:
            with formatter.section(section.title):
                formatter.write_dl([(entry.name.ljust(width), entry.help) for entry in section.entries])


def _unknown(name: str, known: Sequence[str] | dict[str, Any], path: str) -> str:
    from discovery.render.text import safe

    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Try '{path} --help'."
    return f"no such command: '{safe(name, limit=60)}'. {hint}"
