"""What people get wrong and vendors and trees do: a clear text, its exit code, and nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from discovery.demo.openai import OpenAIFake
from discovery.demo.openai_org import Org
from tests.e2e.program import NOBODY, Program

# Configuration


def test_all_mistakes_of_a_configuration_are_told_at_once(program: Program) -> None:
    program.configure(
        """\
        [scan]
        workers = "many"
        fail_onn = "high"
        [connectors.opnai.main]
        [connectors.openai.main]
        admin_key = "plain-text-in-the-file"
        """
    )

    ran = program.scan()

    assert ran.code == 2
    for told in (
        "aicensus.toml:2 in [scan]: `workers` must be a whole number, not a text",
        "aicensus.toml:3 in [scan]: unknown option `fail_onn`; did you mean `fail_on`?",
        "aicensus.toml:4 in [connectors]: unknown connector `opnai`; did you mean `openai`?",
        "aicensus.toml:6 in [connectors.openai.main]: `admin_key` is wrong: a secret is given by reference",
    ):
        assert told in ran.said
    assert "plain-text-in-the-file" not in ran.said
    assert not program.db.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[scan\nworkers = 3\n", "aicensus.toml:1, column 6: is not valid TOML"),
        ("[scan]\nworkers = 3\nworkers = 4\n", "aicensus.toml:3: `scan.workers` is already given in line 2"),
    ],
)
def test_bad_toml_is_told_with_its_place(program: Program, text: str, told: str) -> None:
    program.configure(text)

    ran = program("config", "check")

    assert ran.code == 2
    assert told in ran.said


def test_a_missing_secret_is_told_with_its_instance_and_place(program: Program) -> None:
    program.configure('[connectors.openai.main]\nadmin_key = { env = "NOT_SET" }\n')

    ran = program.scan()

    assert ran.code == 2
    assert ran.err == (
        "Error: the secret env:NOT_SET is missing or empty (openai:main). "
        "Set it in the environment variable NOT_SET.\n"
    )


@pytest.mark.usefixtures("nobody")
def test_folders_that_may_not_be_entered_are_named(program: Program) -> None:
    (program.folder / "closed" / "aicensus").mkdir(parents=True)
    (program.folder / "closed").chmod(0o700)
    program.is_nobody = True
    program.environ |= {f"XDG_{name}_HOME": str(program.folder / "closed") for name in ("CONFIG", "DATA")}

    without_config = program("systems")
    program.environ["XDG_CONFIG_HOME"] = str(program.folder)
    without_store = program("systems")

    assert (without_config.code, without_store.code) == (2, 2)
    assert "aicensus.toml: cannot be read: Permission denied" in without_config.said
    assert "the folder of the store may not be entered" in without_store.said


# Vendors


@pytest.fixture
def vendor(program: Program) -> Iterator[Callable[[str], None]]:
    """Serve an organisation, scan it once, and return what points the configuration elsewhere."""
    org = Org.example()
    with OpenAIFake(org) as fake:

        def point_to(base_url: str) -> None:
            program.configure(
                f"""\
                [network]
                connect_timeout_s = 0.5
                read_timeout_s = 0.5
                max_attempts = 2
                [connectors.code.main]
                targets = [{json.dumps(str(program.shop))}]
                [connectors.openai.main]
                base_url = {json.dumps(base_url or fake.base_url)}
                admin_key = {{ env = "VENDOR_KEY" }}
                """
            )

        program.environ["VENDOR_KEY"] = org.admin_key
        point_to("")
        assert program.scan().code == 0
        yield point_to


def states(program: Program) -> dict[str, str]:
    return {row["natural_id"]: row["state"] for row in program.assets()}


def test_a_wrong_token_names_where_it_comes_from_and_ages_nothing(
    program: Program, vendor: Callable[[str], None]
) -> None:
    before = states(program)
    program.environ["VENDOR_KEY"] = "sk-admin-wrong-0123456789abcdef"

    runs = [program.scan() for _ in range(2)]

    assert [ran.code for ran in runs] == [3, 3]
    assert "does not accept the credential (401)" in runs[0].said
    assert "Check the key in env:VENDOR_KEY." in runs[0].said
    assert "sk-admin-wrong" not in runs[0].said
    assert len(before) > 10
    assert states(program) == before


def test_a_host_that_does_not_resolve_is_named(program: Program, vendor: Callable[[str], None]) -> None:
    before = states(program)
    vendor("https://api.nowhere.invalid/v1")

    ran = program.scan()

    assert ran.code == 3
    assert "the host name 'api.nowhere.invalid' does not resolve" in ran.said
    assert "Check the address in the options (base_url)" in ran.said
    assert states(program) == before


def test_a_host_that_never_answers_is_given_up(program: Program, vendor: Callable[[str], None]) -> None:
    before = states(program)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        vendor(f"http://127.0.0.1:{silent.getsockname()[1]}/v1")

        ran = program.scan()

    assert ran.code == 3
    assert "did not answer in time" in ran.said
    assert "raise the time-outs in [network]" in ran.said
    assert states(program) == before


def test_a_git_host_that_does_not_resolve_is_told_once_for_all_parts(program: Program) -> None:
    ran = program.scan("https://git.nowhere.invalid/acme/bot.git")

    assert ran.code == 3
    assert ran.said.count("Could not resolve host") == 1
    assert "Check the URL, the network and the credential." in ran.said


# Repositories


def test_a_hostile_tree_is_scanned_and_what_was_left_out_is_told(program: Program) -> None:
    _write_hostile_tree(program.shop)

    ran = program.scan(str(program.shop))

    assert ran.code == 0, ran.said
    assert {row["name"] for row in program.assets()} == {"openai", "anthropic", "mistralai"}
    assert "single files, links and the like: aicensus runs show latest" in ran.said
    shown = json.loads(program("runs", "show", "latest", "--db", str(program.db), "--format", "json").out)
    reasons = {one["locator"]: one["reason"] for row in shown[0]["details"] for one in row["exceptions"]}
    assert "not JSON" in reasons["broken/package.json"]
    assert "not TOML" in reasons["broken/pyproject.toml"]
    assert "larger than the limit (2147.5 MB)" in reasons["package-lock.json"]
    assert "may lead out of the tree" in reasons["requirements.txt"]
    assert "may lead out of the tree" in reasons["etc"]
    assert "not a regular file" in reasons["pipe.py"]
    assert any("not printable UTF-8" in reason for reason in reasons.values())
    covered = json.loads(program("coverage", "--db", str(program.db), "--format", "json").out)
    told = {row["part"]: row["reason"] for row in covered}
    assert "2 not read, first" in told["packages-npm"]
    assert "broken/pyproject.toml" in told["packages-pypi"]


def _write_hostile_tree(root: Path) -> None:
    outside = root.parent / "outside"
    for folder in (root / "ok", root / "broken", root / "deep", outside):
        folder.mkdir()
    (root / "ok" / "requirements.txt").write_text("anthropic\n")
    (outside / "requirements.txt").write_text("cohere\n")
    for name in ("big.bin", "package-lock.json"):
        with (root / name).open("wb") as file:
            file.truncate(2**31)
    (root / "blob.bin").write_bytes(bytes(range(256)) * 1000)
    (root / "loop").symlink_to(".")
    (root / "deep" / "up").symlink_to("..")
    (root / "round").symlink_to("robin")
    (root / "robin").symlink_to("round")
    (root / "etc").symlink_to("/etc")
    (root / "requirements.txt").symlink_to("../outside/requirements.txt")
    (root / "broken" / "package.json").write_text('{"dependencies": {')
    (root / "broken" / "pyproject.toml").write_text("[project\n")
    os.mkfifo(root / "pipe.py")
    odd = os.fsencode(root) + b"/odd-\xff\xfe"
    os.mkdir(odd)
    Path(os.fsdecode(odd), "requirements.txt").write_text("mistralai\n")


@pytest.mark.usefixtures("nobody")
def test_a_folder_that_may_not_be_read_ages_nothing_below_it(kept: Program) -> None:
    kept.is_nobody = True
    shutil.chown(kept.db, NOBODY, NOBODY)
    kept.folder.chmod(0o777)
    kept.environ |= {f"XDG_{name}_HOME": str(kept.folder) for name in ("CONFIG", "DATA")}
    (kept.shop / "bot").chmod(0o000)

    runs = [kept.scan(str(kept.shop)) for _ in range(3)]
    states = [row["state"] for row in kept.assets()]
    (kept.shop / "bot").chmod(0o755)

    assert [ran.code for ran in runs] == [0, 0, 0], runs[0].said
    assert states == ["present"]
