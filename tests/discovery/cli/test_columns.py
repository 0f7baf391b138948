from __future__ import annotations

import pytest

from discovery.cli.columns import WIDE, system_listing
from tests.discovery.samples import governed, orphan


def written(width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    twins = [orphan("shop", f"sys_01a2016c6aec72ad{end * 16}") for end in "ab"]
    rows = [governed(["ast_1"]), *twins]
    system_listing(rows, width=width).write(rows, "table")
    return capsys.readouterr().out


def test_name_borne_twice_shows_its_id_in_a_narrow_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = written(80, capsys, monkeypatch)

    assert "sys_01a2016c6aec72ada" in said
    assert "sys_01a2016c6aec72adb" in said
    assert "sys_1" not in said
    assert max(map(len, said.splitlines())) <= 80


def test_wide_table_has_a_column_of_ids(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = written(WIDE, capsys, monkeypatch)

    assert said.splitlines()[0].endswith("ID")
    assert "sys_1" in said


def test_owner_column_tells_owner_candidate_and_nobody_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = written(WIDE, capsys, monkeypatch)

    assert "dana@example.org " in said
    assert said.count("? @acme/shop") == 2
