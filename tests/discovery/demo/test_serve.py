"""Any command on the example estate, without any account of the user's."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from discovery.demo import serve
from discovery.demo.serve import Vendors

SERVED = Vendors(aws_url="http://127.0.0.1:1", openai_url="http://127.0.0.1:2/v1", openai_key="sk-admin-demo")


def test_configuration_points_at_the_served_vendors_and_the_estate(tmp_path: Path) -> None:
    path = serve.write_config(tmp_path / "demo", SERVED)

    written = tomllib.loads(path.read_text())
    assert written["connectors"]["code"]["main"]["targets"] == [serve.ESTATE.as_posix()]
    assert written["connectors"]["openai"]["main"]["base_url"] == SERVED.openai_url
    assert written["store"]["url"] == f"sqlite:///{tmp_path}/demo/acme.db"


def test_configuration_is_valid(tmp_path: Path) -> None:
    from discovery.config import load_config

    path = serve.write_config(tmp_path / "demo", SERVED)

    config = load_config(path, {})

    assert [instance.key for instance in config.instances()] == ["code:main", "aws:prod", "openai:main"]


def test_configuration_holds_no_key(tmp_path: Path) -> None:
    path = serve.write_config(tmp_path / "demo", SERVED)

    assert SERVED.openai_key not in path.read_text()
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_awkward_folder_names_stay_one_string(tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" \\ folder'

    written = tomllib.loads(serve.write_config(folder, SERVED).read_text())

    assert written["store"]["url"].endswith("acme.db")


def test_estate_whose_configuration_changed_its_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "aicensus.toml").write_text('[connectors.code.main]\ntargets = ["src"]\n')

    with pytest.raises(ValueError, match=r"targets = .* exactly once"):
        serve.write_config(tmp_path / "demo", SERVED, estate=tmp_path)


def test_credentials_of_the_user_are_hidden_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-mine")

    with serve.environment(SERVED.environ()):
        inside = {
            name: os.environ.get(name) for name in ("AWS_PROFILE", "OPENAI_ADMIN_KEY", "AWS_CONFIG_FILE")
        }

    assert inside == {
        "AWS_PROFILE": None,
        "OPENAI_ADMIN_KEY": SERVED.openai_key,
        "AWS_CONFIG_FILE": os.devnull,
    }
    assert os.environ["AWS_PROFILE"] == "production"
    assert os.environ["OPENAI_ADMIN_KEY"] == "sk-admin-mine"
    assert "AWS_ENDPOINT_URL" not in os.environ


def test_installation_without_the_estate_says_where_to_find_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = serve.run(["scan"], estate=tmp_path / "nowhere")

    assert code == 2
    assert "make scan" in capsys.readouterr().err


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int, str, str]]:
    """Scan the estate once and stay in the folder of its inventory."""
    folder = tmp_path_factory.mktemp("demo")
    said, told = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
            code = serve.run(["scan", "--no-progress"])
        yield folder, code, said.getvalue(), told.getvalue()


def test_scan_of_the_estate_ends_with_what_to_do_next(scanned: tuple[Path, int, str, str]) -> None:
    folder, code, said, told = scanned

    assert code == 0, told
    for heading in ("AI systems", "New", "Without an owner", "Without a complete", "Could not be seen"):
        assert heading in said
    assert "export AICENSUS_CONFIG=.aicensus/acme.toml" in told
    assert (folder / ".aicensus" / "acme.db").stat().st_mode & 0o777 == 0o600


def test_inventory_of_an_earlier_scan_is_there_for_the_next_command(
    scanned: tuple[Path, int, str, str],
) -> None:
    said = io.StringIO()

    with contextlib.redirect_stdout(said):
        code = serve.run(["assets", "--format", "json", "--limit", "0"])

    assert code == 0
    assert {"aws", "openai", "anthropic"} <= {asset["provider"] for asset in json.loads(said.getvalue())}
    assert "sk-admin" not in said.getvalue()
