"""What the documentation says is so: commands run, links lead somewhere, generated parts are current.

A fenced block marked ``sh`` is a list of commands. Those of README.md and of the pages in ``RUN`` are run in
order against the example estate and its served vendors; a comment in front of a block may say
``<!-- exit: 1 -->`` or, for a reason of ``NOT_RUN``, ``<!-- not run: ... -->``. On every other page each
``aicensus`` command must at least exist with the options it is shown with. A block of TOML or YAML that
begins with ``# NAME.toml`` or ``# NAME.yaml`` is a file that the commands of its page find.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from discovery.demo import serve
from tests.code_samples import commit, git
from tests.generated_docs import GENERATORS, pages, renewed

ROOT = Path(__file__).resolve().parent.parent
RUN = (
    "README.md",
    "first-scan.md",
    "scan-code.md",
    "in-ci.md",
    "quiet-the-noise.md",
    "extend-the-catalogue.md",
    "aws.md",
    "openai.md",
    "alerts-and-owners.md",
    "coverage.md",
    "the-record.md",
    "evidence.md",
    "history.md",
    "people.md",
    "reports.md",
    "rules.md",
    "security.md",
    "systems.md",
)
NOT_RUN = {
    "installs from the network",
    "needs a container engine",
    "needs a real account",
    "runs until it is stopped",
    "your own package",
}
FIRST_SCAN = "aicensus scan --config aicensus.toml"
"""With this many pages begin; it is run for the first of them, the others go on with what it found."""
_FENCE = re.compile(
    r"(?:^<!-- (?P<note>not run: [^>]+?|exit: \d+) -->\n\n?)?^```sh\n(?P<body>.*?)^```$", re.M | re.DOTALL
)
_FILE = re.compile(
    r"^```(?P<kind>toml|yaml)\n# (?P<name>[a-z-]+\.(?P=kind))\n(?P<body>.*?)^```$", re.M | re.DOTALL
)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    page: str
    note: str
    commands: tuple[str, ...]

    @property
    def is_run(self) -> bool:
        return not self.note.startswith("not run")

    @property
    def exit_code(self) -> int:
        return int(self.note.removeprefix("exit: ")) if self.note.startswith("exit") else 0


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page.name, found["note"] or "", _commands(found["body"])) for found in _FENCE.finditer(text)
    ]


def _commands(body: str) -> tuple[str, ...]:
    joined = body.replace("\\\n", " ")
    return tuple(line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#"))


def page_names() -> list[str]:
    return [page.relative_to(ROOT).as_posix() for page in pages()]


@pytest.fixture
def vendors() -> Iterator[serve.Vendors]:
    with serve.vendors() as served:
        yield served


@pytest.fixture
def workspace(tmp_path: Path, home: Path) -> Path:
    """Give a folder as a reader would have it: a repository ``repo`` and a configuration beside it."""
    folder = tmp_path / "acme"
    shutil.copytree(ROOT / "examples" / "acme", folder / "repo")
    return folder


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the inventory of the first page's scan is kept for pages that begin with the same scan."""
    return tmp_path_factory.mktemp("scanned") / "acme.db"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [name for name in page_names() if name.rpartition("/")[2] in RUN])
def test_commands_of_page_do_what_it_says(
    name: str, vendors: serve.Vendors, workspace: Path, scanned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    for variable, value in {**vendors.environ(), "COLUMNS": "100", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    config = workspace / "aicensus.toml"
    shutil.copy(serve.write_config(workspace / ".aicensus", vendors, workspace / "repo"), config)
    if name.endswith("openai.md"):  # only there does a configuration name the served address
        monkeypatch.setenv("AICENSUS_CONFIG", str(config))
    for shown in _FILE.finditer((ROOT / name).read_text(encoding="utf-8")):
        (workspace / shown["name"]).write_text(shown["body"], encoding="utf-8")
    if name.endswith(("scan-code.md", "in-ci.md")):
        _start_branch(workspace / "repo")
    runnable = [block for block in blocks(ROOT / name) if block.is_run]

    assert runnable, f"{name} shows no command"
    steps = [(command, one.exit_code) for one in runnable for command in one.commands]
    for number, (command, exit_code) in enumerate(steps):
        is_first_scan = number == 0 and command == FIRST_SCAN and not name.endswith(("aws.md", "openai.md"))
        if is_first_scan and scanned.exists():
            shutil.copy(scanned, workspace / ".aicensus" / scanned.name)
            continue
        code, said = _run(command)
        assert code == exit_code, f"{name}: {command}\n{said}"
        assert "Traceback" not in said, f"{name}: {command}\n{said}"
        if is_first_scan:
            shutil.copy(workspace / ".aicensus" / scanned.name, scanned)


def _start_branch(repository: Path) -> None:
    """Make the example estate a repository whose checked-out branch brings one package more than ``main``."""
    commit(repository)
    git(repository, "checkout", "-q", "-b", "feature")
    manifest = "services/support-bot/requirements.txt"
    commit(repository, {manifest: (repository / manifest).read_text(encoding="utf-8") + "cohere==5.0.0\n"})


def _run(command: str) -> tuple[int, str]:
    """Run one command as a reader would; a plain call of aicensus in this process, which is quicker."""
    if command.startswith("make "):
        return _plan_make(command)
    calls = list(_calls(command))
    if len(calls) == 1 and shlex.split(command) == ["aicensus", *calls[0]]:
        from discovery.cli import main

        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = main(calls[0])
        return code, said.getvalue()[-6000:]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.returncode, (done.stdout + done.stderr)[-6000:]


def _plan_make(command: str) -> tuple[int, str]:
    words = shlex.split(command)
    planned = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True)
    return planned.returncode, planned.stderr


@pytest.mark.parametrize("name", page_names())
def test_every_command_shown_exists_with_its_options(name: str) -> None:
    for block in blocks(ROOT / name):
        for command in block.commands:
            for words in _calls(command):
                _check_parses(words, f"{name}: {command}")


def _calls(command: str) -> Iterator[list[str]]:
    """Yield the arguments of every call of aicensus in a shell line."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word.strip("();<>|&"):
            words.append(word)
            continue
        if words[:1] == ["aicensus"]:
            yield words[1:]
        words = []


def _check_parses(words: list[str], said: str) -> None:
    from discovery.cli.app import cli

    command: click.Command = cli
    context: click.Context | None = None
    try:
        while True:
            context = command.make_context(command.name or "aicensus", list(words), parent=context)
            if not isinstance(command, click.Group):
                return
            _, following, words = command.resolve_command(context, [*context._protected_args, *context.args])
            assert following is not None, said
            command = following
    except click.exceptions.Exit:
        return
    except click.BadParameter as error:
        if "does not exist" not in error.message:
            pytest.fail(f"{said}\n{error.format_message()}")
    except click.UsageError as error:
        pytest.fail(f"{said}\n{error.format_message()}")


@pytest.mark.parametrize("name", page_names())
def test_commands_are_left_out_only_for_a_known_reason(name: str) -> None:
    reasons = {block.note.removeprefix("not run: ") for block in blocks(ROOT / name) if not block.is_run}

    assert reasons <= NOT_RUN


@pytest.mark.parametrize("name", page_names())
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    targets = [match["target"] for match in _LINK.finditer(page.read_text(encoding="utf-8"))]

    local = [target.partition("#")[0] for target in targets if "://" not in target and target[0] != "#"]

    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("name", page_names())
def test_generated_parts_are_current(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert renewed(text) == text, "run: make docs"


def test_every_generated_part_is_shown_somewhere() -> None:
    everything = "".join(page.read_text(encoding="utf-8") for page in pages())

    assert [part for part in GENERATORS if f"<!-- generated: {part} -->" not in everything] == []


def test_every_page_is_reached_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = {match["target"] for match in _LINK.finditer(index)}

    expected = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}

    assert expected - linked == set()


def test_readme_keeps_its_order() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)

    assert headings == [
        "Install",
        "First scan, without credentials",
        "One cloud scan",
        "What the output means",
        "Connectors",
        "Exit codes",
        "Add a connector",
        "Security",
        "Licence",
    ]


def test_readme_states_the_exit_codes_of_the_program() -> None:
    from discovery.cli.app import cli

    stated = dict(re.findall(r"^\| (\d) \| (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M))

    told = dict(re.findall(r"(\d) (\w+)", (cli.help or "").partition("Exit codes:")[2]))
    assert stated == told
