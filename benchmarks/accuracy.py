"""Measure the code connector against labelled repositories.

    python benchmarks/accuracy.py LABELS CHECKOUTS

``LABELS`` is a JSON list of ``{repo, commit, kind, expected: [{category, name, paths}]}``; ``CHECKOUTS`` a
folder that holds each repository as ``owner+name`` or ``owner/name`` (a clone, bare or not; those missing are
skipped). Prints recall per category twice: by kind and name (somewhere in the repository), and by labelled
place (the thing has evidence in the file, or below the folder, that the label names). Then every miss,
whatever was found in repositories labelled negative, CPU seconds and peak memory. Each repository is scanned
in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CATEGORY_KINDS = {
    "provider_sdk": {"package"},
    "ai_framework": {"package"},
    "model_reference": {"model"},
    "mcp_server": {"mcp_server"},
    "api_endpoint": {"provider_endpoint"},
    "agent_config": {"agent_config"},
    "ci_ai_action": {"ci_step"},
    "model_server": {"model_server"},
    "model_file": {"model_file"},
}


def main() -> int:
    """Run the measurement and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument("checkouts", type=Path)
    arguments = parser.parse_args()
    found: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    places: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    false_items: list[str] = []
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for label in json.loads(arguments.labels.read_text()):
            place = place_of(arguments.checkouts, label["repo"])
            if place is None:
                print(f"- {label['repo']}: not there, skipped")
                continue
            findings, cpu_s, peak_mb, problems = pool.apply(scan, (str(place), label["commit"]))
            print(
                f"- {label['repo']}: {len(findings)} findings, {cpu_s:.2f} s CPU, {peak_mb:.0f} MB {problems}"
            )
            if label["kind"] == "negative":
                false_items += [f"{label['repo']}: {item['kind']} {item['name']}" for item in findings]
            for fact in label["expected"]:
                category, paths = fact["category"], fact["paths"]
                wanted[category] += 1
                places[category] += len(paths)
                hits = [item for item in findings if matches(fact, item)]
                seen = [path for path in paths if any(lies_at(path, item) for item in hits)]
                found[category] += bool(hits)
                placed[category] += len(seen)
                if len(seen) < len(paths):
                    missed = [path for path in paths if path not in seen]
                    what = "missed" if not hits else "found elsewhere, not"
                    print(f"    {what}: {category} {fact['name']} in {', '.join(missed[:3])}")
    print("\nrecall                 by name  by place")
    for category, total in sorted(wanted.items()):
        print(f"  {category:18} {found[category]:4}/{total:<4} {placed[category]:4}/{places[category]}")
    print(f"  {'all':18} {found.total():4}/{wanted.total():<4} {placed.total():4}/{places.total()}")
    print(f"false items: {len(false_items)}", *false_items, sep="\n  ")
    return 1 if false_items else 0


def place_of(checkouts: Path, repository: str) -> Path | None:
    """Return where a repository's checkout lies; ``None`` when it is not there."""
    for name in (repository, repository.replace("/", "+"), repository.rpartition("/")[2]):
        for place in (checkouts / name / "repo", checkouts / name):
            if place.is_dir():
                return place
    return None


def scan(place: str, commit: str) -> tuple[list[dict[str, Any]], float, float, str]:
    """Scan one repository and return plain findings, CPU seconds (children counted) and peak MB."""
    from connectors.clients.network import NetworkSettings
    from connectors.code.options import CodeOptions
    from connectors.model import Scope
    from connectors.outcome import PartBatch
    from connectors.runner import ScopeJob, list_scopes, run_scope

    options = CodeOptions(targets=(place,), ref=commit)
    blank = Scope(connector="code", instance="main", ids=("-",), parts=())
    job = ScopeJob(connector="code", instance="main", scope=blank, options=options, network=NetworkSettings())
    started = _cpu()
    scopes, result = list_scopes(job)
    items: list[dict[str, Any]] = []
    problems = result.reason

    def emit(batch: PartBatch) -> None:
        items.extend(_plain(batch))

    for scope in scopes or []:
        outcome = run_scope(
            ScopeJob(
                connector="code", instance="main", scope=scope, options=options, network=NetworkSettings()
            ),
            emit,
        )
        problems = problems or outcome.error
    return items, _cpu() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, problems


def _plain(batch: Any) -> Iterator[dict[str, Any]]:
    for finding in batch.findings:
        yield {
            "kind": finding.kind,
            "name": finding.name,
            "model": finding.model or "",
            "paths": [item.locator.rpartition(":")[0] or item.locator for item in finding.evidence],
            "places": [item.locator for item in finding.evidence],
            "key": finding.natural_key.key,
            "attributes": dict(finding.attributes),
        }


def matches(fact: dict[str, Any], item: dict[str, Any]) -> bool:
    """Say whether a finding is the labelled fact, by kind and name.

    Labels write some names shorter than their registries do: a Go module without host and major version, a
    Swift package without its owner, a Maven artifact without its group, a host without the account's label in
    front or the path behind, an image with or without its registry and tag. Nothing else is forgiven.
    """
    kinds = CATEGORY_KINDS.get(fact["category"])
    if kinds is not None and item["kind"] not in kinds:
        return False
    name = _plain_name(fact["name"])
    attributes = item["attributes"]
    names = {item["name"], item["model"], *(str(attributes.get(key, "")) for key in _NAMES)}
    if name in {_plain_name(known) for known in names}:
        return True
    if fact["category"] == "model_server":
        return _image(name) in {_image(_plain_name(known)) for known in names if known}
    if fact["category"] == "model_reference":
        return any(_plain_name(known).endswith(f"/{name}") for known in names)
    if fact["category"] == "api_endpoint":
        hosts = {_plain_name(known).partition("/")[0] for known in names if "://" not in known}
        return name in hosts or any(host.endswith(f".{name.removeprefix('*.')}") for host in hosts)
    return item["kind"] == "package" and not _short_names(name).isdisjoint(
        _short_names(_plain_name(item["name"]))
    )


def _short_names(name: str) -> set[str]:
    """Return how a package is also called: a Go module's ``owner/name``, a Maven artifact's own name."""
    path = re.sub(r"/v\d+$", "", name)
    host, _, rest = path.partition("/")
    own = path.rpartition("/")[2] if host in _HOSTS_OF_PACKAGES else path
    return {path, rest if rest and "." in host else path, own, name.rpartition(":")[2]}


def _image(name: str) -> str:
    """Return an image without its registry, tag and digest."""
    first, slash, rest = name.partition("@")[0].partition("/")
    is_registry = slash and ("." in first or ":" in first or first == "localhost")
    return re.sub(r":[^/]*$", "", rest if is_registry else first + slash + rest)


def lies_at(path: str, item: dict[str, Any]) -> bool:
    """Say whether a finding has evidence at a labelled place, or below it when that is a folder."""
    place = path.rstrip("/").removeprefix("./")
    bare = re.sub(r":\d+(?:-\d+)?$", "", place)
    return any(seen == bare or seen.startswith(f"{bare}/") for seen in item["paths"])


_HOSTS_OF_PACKAGES = ("github.com", "gitlab.com")
_NAMES = ("package_name", "resource_type", "host", "image", "product")


def _plain_name(name: str) -> str:
    return name.lower().replace("_", "-")


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    sys.exit(main())
