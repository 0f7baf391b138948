"""Rules that hold for the repository as a whole."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from discovery.guard import OUR_NAMES

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FUNCTION = 60
LONGEST_FILE = 400
LARGEST_FILE_BYTES = 1_000_000
# The one place that may catch everything: the boundary around one unit of work.
CATCHES_EVERYTHING = {"connectors/runner.py"}

# Written in two halves so that this file does not name what it forbids.
_REGISTRIES = [
    *("pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "npmjs" + ".com", "yarn" + "pkg.com"),
    *("crates" + ".io", "ruby" + "gems.org", "packagist" + ".org", "proxy.golang" + ".org"),
    *("nuget" + ".org", "maven" + ".org", "maven.apache" + ".org", "pub" + ".dev", "hex" + ".pm"),
]
_MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:wo" + "rk|ro" + "ot|tmp/br" + "ief|opt/py" + r"pi)/")
_NEWS_NAME = re.compile(r"\d+\.(added|changed|fixed|removed|security)(\.\d+)?\.md")
_DECISION_NAME = re.compile(r"\d{4}-[a-z0-9-]+\.md")
_DECISION_PARTS = ("context", "choice", "gave up", "look again")
LOCKS = ("requirements.lock", "requirements-runtime.lock", "requirements-uv.lock")
HEAVY = ("alembic", "apscheduler", "azure", "boto3", "botocore", "google.cloud", "grpc", "moto", "sqlalchemy")


@cache
def files() -> tuple[Path, ...]:
    """Return every file that is, or is about to be, under version control."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(path for name in sorted(listed.split("\0")) if name and (path := ROOT / name).is_file())


def texts() -> Iterator[tuple[str, str]]:
    for path in files():
        data = path.read_bytes()
        if b"\0" not in data[:4096]:
            yield path.relative_to(ROOT).as_posix(), data.decode("utf-8", "replace")


@cache
def sources() -> list[tuple[str, ast.Module, str]]:
    return [(name, ast.parse(text), text) for name, text in texts() if _is_ours(name)]


def _is_ours(name: str) -> bool:
    return name.endswith(".py") and name.split("/")[0] in OUR_NAMES


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_no_file_names_a_package_registry() -> None:
    named = [f"{name}: {host}" for name, text in texts() for host in _REGISTRIES if host in text]

    assert named == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    named = [f"{name}: {match.group()}" for name, text in texts() for match in _MACHINE_PATHS.finditer(text)]

    assert named == []


def test_no_file_is_huge() -> None:
    assert [path.name for path in files() if path.stat().st_size > LARGEST_FILE_BYTES] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_every_line_by_hash_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if entry.strip()]

    assert "//" not in text
    assert " @ " not in text
    assert entries
    assert [entry for entry in entries if not re.match(r"\S+==\S+[^\n]*\\\n\s+--hash=sha256:", entry)] == []


def test_lock_satisfies_every_declared_dependency() -> None:
    text = (ROOT / "requirements.lock").read_text()
    locked = {canonicalize_name(name): version for name, version in re.findall(r"^(\S+?)==(\S+)", text, re.M)}
    declared = project()
    wanted = [
        *declared["project"]["dependencies"],
        *(line for lines in declared["project"]["optional-dependencies"].values() for line in lines),
        *declared["dependency-groups"]["dev"],
        *declared["build-system"]["requires"],
    ]

    wrong = [
        str(requirement)
        for requirement in map(Requirement, wanted)
        if requirement.name != "aicensus"
        and not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]

    assert wrong == []


def test_container_installs_the_very_versions_that_were_tested() -> None:
    pins = {lock: set(re.findall(r"^\S+==\S+", (ROOT / lock).read_text(), re.M)) for lock in LOCKS[:2]}

    assert pins["requirements-runtime.lock"]
    assert pins["requirements-runtime.lock"] - pins["requirements.lock"] == set()


def test_container_is_built_from_what_the_wheel_needs_by_nobody_special() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert set(copied) == sent
    assert {*OUR_NAMES, "pyproject.toml", "README.md", "LICENSE", "requirements*.lock"} == sent
    assert all(
        (ROOT / lock).is_file() for line in lines for lock in re.findall(r"requirements[\w-]*\.lock", line)
    )
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    assert 'ENTRYPOINT ["aicensus"]' in lines  # not through a shell, which would keep signals to itself


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_every_extra_is_told_where_installing_is_told(page: str) -> None:
    text = (ROOT / page).read_text()

    assert [one for one in project()["project"]["optional-dependencies"] if f"`{one}`" not in text] == []


def test_extra_all_holds_every_other_extra() -> None:
    extras = project()["project"]["optional-dependencies"]

    (everything,) = (Requirement(line) for line in extras["all"])

    assert everything.extras == set(extras) - {"all"}


def test_lock_files_of_tools_that_record_hosts_are_not_kept() -> None:
    assert [path.name for path in files() if path.name == "uv.lock" or path.name.startswith("pylock")] == []


def test_news_fragments_are_one_sentence_under_the_right_name() -> None:
    fragments = [path for path in files() if path.parent == ROOT / "changelog.d"]

    assert fragments
    for path in fragments:
        text = path.read_text().strip()
        assert _NEWS_NAME.fullmatch(path.name), f"{path.name}: not <issue>.<type>.md"
        assert "\n" not in text, f"{path.name}: more than one line"
        assert text.endswith("."), f"{path.name}: not a sentence"


def test_decisions_are_numbered_once_and_say_what_was_given_up() -> None:
    pages = [path for path in files() if path.parent == ROOT / "docs" / "decisions"]

    assert pages
    assert [page.name for page in pages if not _DECISION_NAME.fullmatch(page.name)] == []
    assert len({page.name[:4] for page in pages}) == len(pages)
    for page in pages:
        headings = " ".join(re.findall(r"^## (.+)$", page.read_text(), re.M)).lower()
        assert [part for part in _DECISION_PARTS if part not in headings] == [], page.name


def test_wheel_holds_exactly_our_five_names() -> None:
    packages = project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert sorted(packages) == sorted(OUR_NAMES)


def test_wheel_holds_every_file_of_the_five_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]

    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)

    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    tracked = {path.relative_to(ROOT).as_posix() for path in files()}
    assert packed == {name for name in tracked if name.split("/")[0] in OUR_NAMES}


def test_changelog_can_be_written_from_the_fragments() -> None:
    build = [
        sys.executable,
        "-m",
        "towncrier",
        "build",
        "--draft",
        "--version",
        "1.0",
        "--date",
        "2026-11-22",
    ]

    drafted = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)

    assert drafted.returncode == 0, drafted.stderr
    assert "### Added" in drafted.stdout


def entry_points() -> list[str]:
    declared = project()["project"]
    return [*declared["scripts"].values(), *declared["entry-points"]["aicensus.connectors"].values()]


@pytest.mark.parametrize("target", entry_points())
def test_entry_point_leads_to_something(target: str) -> None:
    module, _, attribute = target.partition(":")

    assert callable(getattr(import_module(module), attribute))


def test_linter_knows_every_connector() -> None:
    contracts = project()["tool"]["importlinter"]["contracts"]
    (independence,) = (contract for contract in contracts if contract["type"] == "independence")
    points = project()["project"]["entry-points"]["aicensus.connectors"]

    assert sorted(independence["modules"]) == sorted(value.partition(":")[0] for value in points.values())


def test_only_the_unit_boundary_catches_everything() -> None:
    places = {name for name, tree, _ in sources() for node in ast.walk(tree) if _catches_everything(node)}

    assert places - CATCHES_EVERYTHING == set()


def _catches_everything(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    broad = any(kind is None or (isinstance(kind, ast.Name) and kind.id == "Exception") for kind in caught)
    return broad and not _only_cleans_up(node)


def _only_cleans_up(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_functions_stay_short() -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    long = [
        f"{name}:{node.lineno} {node.name}: {length} lines"
        for name, tree, _ in sources()
        for node in ast.walk(tree)
        if isinstance(node, functions) and (length := _length(node)) > LONGEST_FUNCTION
    ]

    assert long == []


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_stay_short() -> None:
    long = [f"{name}: {count}" for name, _, text in sources() if (count := text.count("\n")) > LONGEST_FILE]

    assert long == []


def test_every_todo_names_its_issue() -> None:
    bare = re.compile(r"#\s*TODO(?!\(#\d+\))")

    assert [name for name, text in texts() if name.endswith(".py") and bare.search(text)] == []


def test_every_source_postpones_annotations() -> None:
    line = "from __future__ import annotations"

    assert [name for name, tree, text in sources() if line not in text and _has_code(tree)] == []


def _has_code(tree: ast.Module) -> bool:
    annotated = (ast.FunctionDef, ast.AsyncFunctionDef, ast.AnnAssign)
    return any(isinstance(node, annotated) for node in ast.walk(tree))


def test_asking_every_connector_what_it_is_loads_no_vendor_sdk() -> None:
    code = (
        "import sys; from connectors import registry; registry.all_infos(); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"


def test_make_help_names_every_verb() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M)

    helped = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True
    )

    assert phony is not None
    assert {line.split()[1] for line in helped.stdout.splitlines()} == set(phony[1].split())


@pytest.mark.parametrize("script", [".ci/run", ".ci/setup"])
def test_scripts_are_executable_and_parse(script: str) -> None:
    path = ROOT / script

    checked = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr
    assert path.stat().st_mode & 0o111
