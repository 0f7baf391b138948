from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from discovery.cli.app import SECTIONS, cli
from store import open_store
from tests.discovery.cli.commands import every_command, examples_of, parse

COMMANDS = dict(every_command())
HEAVY = (
    *("sqlalchemy", "pydantic", "rich", "requests", "boto3", "botocore", "alembic", "apscheduler"),
    *("orjson", "yaml", "connectors.registry", "store", "discovery.config", "discovery.service"),
)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_explains_itself_with_an_example(path: str) -> None:
    result = CliRunner().invoke(cli, [*path.split(), "--help"], prog_name="aicensus")

    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: aicensus {path}")
    assert "Examples:" in result.output
    assert max(map(len, result.output.splitlines())) <= 100
    assert (COMMANDS[path].help or "").strip()


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_of_a_command_is_explained(path: str) -> None:
    options = [one for one in COMMANDS[path].params if isinstance(one, click.Option)]

    assert [one.name for one in options if not one.help] == []


@pytest.mark.parametrize(
    "line", [example.line for command in COMMANDS.values() for example in examples_of(command)]
)
def test_every_example_is_a_command_line_that_holds(line: str) -> None:
    parse(line)


def test_examples_of_the_first_page_hold() -> None:
    for example in cli.examples:
        parse(example.line)


def test_first_page_says_of_each_command_what_the_command_says_of_itself() -> None:
    entries = [entry for section in SECTIONS for entry in section.entries]

    told = {entry.name: entry.help for entry in entries}

    own = {name: COMMANDS[name].get_short_help_str(limit=200) for name in told}
    assert own == told


def test_help_imports_nothing_heavy_and_takes_little_time() -> None:
    code = (
        "import sys, time; from discovery.cli import main; assert main(['--help']) == 0; "
        f"found = [name for name in {HEAVY!r} if name in sys.modules]; "
        "print(found, time.process_time(), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    found, spent = done.stderr.strip().splitlines()[-1].rsplit(" ", 1)
    assert found == "[]"
    assert float(spent) < 1.0, "0.3 s is the aim on a quiet machine"


def test_looking_into_a_sqlite_store_loads_no_other_database_and_reads_no_code(tmp_path: Path) -> None:
    needless = (
        "sqlalchemy.dialects.postgresql",
        "alembic",
        "connectors.code.reading",
        "connectors.catalogue",
    )
    store = tmp_path / "inventory.db"
    open_store(f"sqlite:///{store}").close()
    code = (
        "import sys; from discovery.cli import main; "
        f"assert main(['coverage', '--connector', 'code', '--db', {str(store)!r}]) == 0; "
        f"print([name for name in {needless!r} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_module_runs_like_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "discovery", "--help"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    )

    assert done.returncode == 0
    assert done.stdout.startswith("Usage: aicensus")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["sytems"], "Did you mean 'systems'?"),
        (["systems", "shwo"], "Did you mean 'show'?"),
        (["scan", "--formt", "json"], "--format"),
        (["systems", "--format", "xml"], "'table', 'json', 'jsonl', 'csv'"),
        (["owner"], "Usage: aicensus owner"),
    ],
)
def test_slip_of_the_hand_gets_the_nearest_word_and_exit_code_2(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from discovery.cli import main

    code = main(words)

    said = capsys.readouterr()
    assert code == 2
    assert hint in said.err
    assert said.out == ""


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    from discovery.cli import main

    assert main(["--version"]) == 0

    assert capsys.readouterr().out == f"aicensus {version('aicensus')}\n"
