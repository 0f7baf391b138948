"""Help tests of the code connector: read one file's text, scan a folder, make a git repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.catalogue import load_catalogue
from connectors.clients.network import NetworkSettings
from connectors.code.facts import Fact, FileFacts
from connectors.code.options import Changes, CodeOptions
from connectors.code.registry import formats_for
from connectors.context import NoCache
from connectors.contract import Cache
from connectors.model import Finding, Scope
from connectors.outcome import PartResult
from connectors.runner import ScopeJob, list_scopes, run_scope


def read(path: str, content: str | bytes) -> FileFacts:
    """Return what the formats say of one file."""
    formats = formats_for(load_catalogue())
    data = content.encode() if isinstance(content, str) else content
    return formats.read(data, path.rpartition("/")[2], formats.plan(path))


def facts(path: str, content: str | bytes) -> dict[str, Fact]:
    """Return the facts of one file by name; the first of a name wins."""
    found: dict[str, Fact] = {}
    for _, fact in read(path, content):
        found.setdefault(fact.name, fact)
    return found


@dataclass(slots=True)
class Scanned:
    """What scanning a target showed."""

    scopes: list[Scope]
    findings: list[Finding] = field(default_factory=list)
    parts: dict[str, PartResult] = field(default_factory=dict)
    error: str = ""

    def named(self, name: str) -> Finding:
        """Return the one finding of this name."""
        (found,) = [finding for finding in self.findings if finding.name == name]
        return found

    def exceptions(self, part: str) -> dict[str, str]:
        """Return a part's exceptions by path."""
        return dict(self.parts[part].exceptions)


def scan(
    *targets: Path | str,
    cache: Cache | None = None,
    network: NetworkSettings | None = None,
    changes: Changes | None = None,
    **options: Any,
) -> Scanned:
    """Scan targets through the real runner."""
    chosen = CodeOptions(targets=tuple(map(str, targets)), **options).only(changes)
    network = network or NetworkSettings()
    blank = Scope(connector="code", instance="main", ids=("-",), parts=())
    job = ScopeJob(connector="code", instance="main", scope=blank, options=chosen, network=network)
    scopes, listing = list_scopes(job)
    result = Scanned(scopes or [], error=listing.reason)
    for scope in result.scopes:
        outcome = run_scope(
            ScopeJob(
                connector="code",
                instance="main",
                scope=scope,
                options=chosen,
                network=network,
                cache=cache or NoCache(),
            ),
            lambda batch: result.findings.extend(batch.findings),
        )
        result.parts |= outcome.parts
        result.error = result.error or outcome.error
    return result


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below ``root`` and return it."""
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def git(folder: Path, *arguments: str) -> str:
    """Run git in a repository of the test's own and return its output."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        # No sample hooks, and no second process after each commit that looks whether to pack.
        "GIT_TEMPLATE_DIR": "",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "maintenance.auto",
        "GIT_CONFIG_VALUE_0": "false",
        **{
            f"GIT_{who}_{what}": "test@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
        # A test may fix the time, and with it the ids of commits.
        **{
            name: os.environ[name] for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE") if name in os.environ
        },
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path, files: Mapping[str, str | bytes] | None = None) -> str:
    """Make ``folder`` a repository if it is none, commit everything in it, return the commit."""
    write(folder, files or {})
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "change", "--allow-empty")
    return head_of(folder)


def head_of(folder: Path) -> str:
    """Return the checked-out commit; git is asked only where its files do not say it plainly."""
    head = folder / ".git" / "HEAD"
    named = head.read_text().strip() if head.is_file() else ""
    branch = folder / ".git" / named.removeprefix("ref: ")
    if named.startswith("ref: ") and branch.is_file():
        return branch.read_text().strip()
    return git(folder, "rev-parse", "HEAD")
