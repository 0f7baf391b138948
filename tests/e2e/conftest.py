"""A whole estate on this machine: a copy of the example's code, an AWS account, an OpenAI organisation."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors import aws_rows
from discovery.cli import main
from discovery.demo.openai import OpenAIFake
from discovery.demo.openai_org import Org
from discovery.demo.serve import ESTATE
from tests import aws_samples
from tests.e2e.program import AS_NOBODY, REPOSITORY, Program
from tests.e2e.program import environment as of_process
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment

REGIONS = ("eu-west-1", "us-east-1")
SERVICES = ("bedrock", "comprehend")
"""Services that are read; ``test_secrets`` walks all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acme:
    """The estate, and aicensus pointed at it by one configuration file."""

    code: Path
    aws: FakeAws
    openai: OpenAIFake
    config: Path
    capsys: pytest.CaptureFixture[str]

    def only(self, *connectors: str) -> Acme:
        """Configure only these connectors, for tests that are about nothing else."""
        tables = {
            "code": f"[connectors.code.main]\ntargets = [{json.dumps(str(self.code))}]\n",
            "aws": f"[connectors.aws.main]\nservices = {json.dumps(SERVICES)}\n",
            "openai": f"[connectors.openai.main]\nbase_url = {json.dumps(self.openai.base_url)}\n",
        }
        chosen = "".join(tables[name] for name in connectors)
        self.config.write_text('[store]\nurl = { env = "ACME_STORE" }\n' + chosen)
        return self

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
        aws.regions[HOME] = list(REGIONS)
        for region in REGIONS:
            fill(aws, region)
        for name, value in environment(aws).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("OPENAI_ADMIN_KEY", org.admin_key)
        monkeypatch.setenv("ACME_STORE", store_url)
        made = Acme(code=code, aws=aws, openai=openai, config=tmp_path / "aicensus.toml", capsys=capsys)
        yield made.only("code", "aws", "openai")


def fill(aws: FakeAws, region: str) -> None:
    """Hold two things of every row of :data:`SERVICES` in a region."""
    for row in aws_rows.load().rows:
        if row.service in SERVICES and not row.single:
            items = [aws_samples.item(row, number, region=region) for number in (1, 2)]
            aws.add(row.service, row.operation, *items, region=region, strict=False)


@pytest.fixture
def nobody() -> None:
    """Skip where rights cannot be tested: they do not bind root, and only root can become somebody else."""
    trial = [*AS_NOBODY, sys.executable, "-c", "import discovery"]
    try:
        done = subprocess.run(trial, cwd=REPOSITORY, env=of_process({}), capture_output=True, check=False)
    except OSError:
        pytest.skip("no setpriv")
    if done.returncode:
        pytest.skip("cannot run as nobody")


@pytest.fixture
def program() -> Iterator[Program]:
    # Not below tmp_path, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory(prefix="aicensus-bad-input-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        (folder / "shop" / "bot").mkdir(parents=True)
        (folder / "shop" / "bot" / "requirements.txt").write_text("openai==1.2.3\n")
        yield Program(folder)


@pytest.fixture
def kept(program: Program) -> Program:
    """A program whose store knows the folder already."""
    program.here("scan", str(program.shop), "--no-progress")
    return program
