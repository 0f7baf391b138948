"""The connector that docs/add-a-connector.md shows works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import registry
from connectors.clients.network import NetworkSettings
from connectors.context import forget_clients
from connectors.model import PartStatus, Scope
from connectors.outcome import PartBatch
from connectors.runner import ScopeJob, list_scopes, run_scope
from discovery.demo.httpd import LoopbackServer, Request, Response, json_response
from tests import plugins

PAGE = Path(__file__).resolve().parent.parent / "docs" / "add-a-connector.md"
TOKEN = "lumen-token-0123456789"


class Lumen(LoopbackServer):
    """Serve a workspace with three assistants, two to a page."""

    def handle(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_response(401, {"error": "bad token"})
        if request.path == "/v1/workspace":
            return json_response(200, {"id": "ws_1", "name": "Acme"})
        names = [name for name in ("ada", "bob", "cy") if name > (request.one("after") or "")]
        page = [{"id": name, "name": name, "model": "lumen-2", "owner": "a@b.example"} for name in names[:2]]
        return json_response(200, {"data": page, "has_more": len(names) > 2, "last_id": page[-1]["id"]})


@pytest.fixture
def source() -> str:
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.DOTALL)
    return str(block)


@pytest.fixture
def job(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScopeJob]:
    (tmp_path / "lumen.py").write_text(source)
    plugins.install(tmp_path, monkeypatch, {"lumen": "lumen:LumenConnector"})
    monkeypatch.setenv("LUMEN_TOKEN", TOKEN)
    with Lumen() as server:
        options = registry.info("lumen").config_model(base_url=f"{server.base_url}/v1")
        yield ScopeJob(
            connector="lumen",
            instance="main",
            scope=Scope(connector="lumen", instance="main", ids=("?",), parts=()),
            options=options,
            network=NetworkSettings(),
        )
    forget_clients()
    monkeypatch.undo()
    registry.refresh()
    sys.modules.pop("lumen", None)


def test_documented_connector_finds_every_assistant_over_two_pages(job: ScopeJob) -> None:
    batches: list[PartBatch] = []

    scopes, listing = list_scopes(job)
    assert scopes is not None, listing.reason
    outcome = run_scope(
        ScopeJob(
            connector="lumen", instance="main", scope=scopes[0], options=job.options, network=job.network
        ),
        batches.append,
    )

    assert scopes[0].key == "lumen:main/ws_1"
    assert outcome.parts["assistants"].status is PartStatus.COMPLETE, outcome
    assert [one.name for batch in batches for one in batch.findings] == ["ada", "bob", "cy"]


def test_documented_connector_passes_the_linters(source: str, tmp_path: Path) -> None:
    path = tmp_path / "lumen.py"
    path.write_text(source)
    root = PAGE.parent.parent

    linted = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", root / "pyproject.toml", path],
        capture_output=True,
        text=True,
        cwd=root,
    )

    assert linted.returncode == 0, linted.stdout
