"""A whole estate on this machine: a copy of the example's code, an AWS account, an OpenAI organisation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from discovery.cli import main
from discovery.demo.openai import OpenAIFake
from discovery.demo.openai_org import Org
from discovery.demo.serve import ESTATE
from tests import aws_samples
from tests.fakes_aws import FakeAws
from tests.harness_aws import environment

REGIONS = ("eu-west-1", "us-east-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acme:
    """The estate, and aicensus pointed at it by one configuration file."""

    code: Path
    aws: FakeAws
    openai: OpenAIFake
    config: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command; returns its exit code and what it printed."""
        self.capsys.readouterr()
        code = main([*arguments, "--config", str(self.config)])
        return code, self.capsys.readouterr().out

    def read(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a command with ``--format json`` and return its rows."""
        code, out = self.run(*arguments, "--format", "json")
        assert code == 0, out
        rows: list[dict[str, Any]] = json.loads(out)
        return rows

    def scan(self) -> int:
        """Scan everything and return the exit code."""
        return self.run("scan", "--no-progress")[0]

    def states(self, connector: str) -> dict[str, str]:
        """Return natural id -> state of a connector's assets, gone ones too."""
        every = [word for state in ("present", "suspect", "missing", "gone") for word in ("--state", state)]
        rows = self.read("assets", "list", "--connector", connector, *every)
        return {row["natural_id"]: row["state"] for row in rows}


@pytest.fixture
def acme(
    tmp_path: Path,
    store_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Acme]:
    code = tmp_path / "acme"
    shutil.copytree(ESTATE, code)
    org = Org.example()
    with FakeAws() as aws, OpenAIFake(org) as openai:
        aws.regions["111122223333"] = list(REGIONS)
        for region in REGIONS:
            aws_samples.fill(aws, region=region)
        for name, value in environment(aws).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("OPENAI_ADMIN_KEY", org.admin_key)
        monkeypatch.setenv("ACME_STORE", store_url)
        config = tmp_path / "aicensus.toml"
        config.write_text(
            '[store]\nurl = { env = "ACME_STORE" }\n'
            f"[connectors.code.main]\ntargets = [{json.dumps(str(code))}]\n"
            "[connectors.aws.main]\n"
            f"[connectors.openai.main]\nbase_url = {json.dumps(openai.base_url)}\n"
        )
        yield Acme(code=code, aws=aws, openai=openai, config=config, capsys=capsys)
