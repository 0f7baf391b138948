"""How the connectors of hosts go through the conformance suite: each one's stand-in, real repositories."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from tests.conformance import Fault, Sent, Stage
from tests.fakes_forges import Fault as Struck
from tests.fakes_forges import ForgeFake
from tests.harness_code import CANARIES, write_estate

HOST = "git.example.org"
"""The name that stands for loopback, whose port is another one each time."""
_DAY = "2026-11-01T12:00:00Z"
"""When everything was committed: a thing tells the commit that changed its file last."""
_LISTING = "repositories are listed in scopes(), no part has pages; tests/connectors/forges has the proof"
_ONE_READING = "a repository is read once for all its parts; tests/connectors/forges has the proof"


class ForgeHarness:
    """Start a host with two repositories, one of which shows every kind."""

    name = ""
    variable = ""
    not_applicable: Mapping[str, str] = {
        "three_pages": _LISTING,
        "repeated_token": _LISTING,
        "denied_half_way": _ONE_READING,
        "throttled": _ONE_READING,
    }

    def fake(self, root: Path) -> Any:
        """Return the host, not yet started."""
        raise NotImplementedError

    def options(self, fake: Any) -> Any:
        """Return how to reach the host that runs."""
        raise NotImplementedError

    def told(self, path: str) -> str:
        """Return a path of a request as the operations have it."""
        return path

    def owner(self) -> str:
        """Return what stands before a repository's name."""
        return "acme"

    @contextmanager
    def start(self, fault: Fault) -> Iterator[Stage]:
        """Serve the repositories; only emptiness and refusal can be asked for."""
        with tempfile.TemporaryDirectory(prefix="aicensus-conformance-") as place:
            fake: ForgeFake = self.fake(Path(place))
            with mock.patch.dict(os.environ, {"GIT_AUTHOR_DATE": _DAY, "GIT_COMMITTER_DATE": _DAY}):
                first = fake.add(f"{self.owner()}/shop")
                if fault is not Fault.EMPTY:
                    write_estate(first.folder)
                    first.commit({})
                    fake.add(f"{self.owner()}/site", {"index.html": "<p>hello</p>\n"})
            if fault is Fault.DENIED:
                fake.faults.append(Struck(path="*/shop*/info/refs", action="403"))
            with mock.patch.dict(os.environ, {self.variable: fake.token}), fake:
                yield Stage(
                    options=self.options(fake),
                    secrets=(fake.token, *CANARIES),
                    sent=lambda: [Sent(one.method, self.told(one.path)) for one in fake.requests],
                )
