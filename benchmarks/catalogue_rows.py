"""Tell which lines of the catalogue the labelled repositories need, and where else each was seen.

    python -m benchmarks.catalogue_rows LABELS CHECKOUTS [--write]

A line that is matched by one labelled repository only might have been written for that repository's sake. So
each such line must have a source: a place in another public repository where it is matched as well
(``owner/name@commit:path``), or a page. Both lists are kept: ``rows_matched_once.tsv`` says which lines are
matched by one labelled repository, ``row_sources.tsv`` where else. ``--write`` measures again and looks for
missing sources in the other checkouts.

A line counts as matched when the parser of a format yields something for that line's hits alone, or a fact
carries the line's own name (a package, a resource type, an agent file).
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from benchmarks.accuracy import place_of
from connectors.catalogue import load_catalogue
from connectors.catalogue.tables import Catalogue, Format
from connectors.clients.git import GitReader
from connectors.code.facts import Fact, Hit, Source, UnreadableError
from connectors.code.registry import UNREAD, Formats, formats_for

DATA = Path(__file__).with_name("precision")
MATCHED_ONCE = DATA / "rows_matched_once.tsv"
SOURCES = DATA / "row_sources.tsv"
_MOST_BYTES = 1_000_000


def main() -> int:
    """Measure, and write or compare the two lists."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    labels = json.loads(arguments.labels.read_text())
    once = matched_once(labels, arguments.checkouts)
    sources = read_table(SOURCES)
    if arguments.write:
        labelled = {label["repo"].replace("/", "+") for label in labels}
        wanted = {row for row in once if not source_of(row, sources)}
        for row, place in seen_elsewhere(wanted, arguments.checkouts, labelled):
            sources[row] = place
        _write(MATCHED_ONCE, "# Lines of the catalogue that one labelled repository matches.", once)
        kept = {row: place for row, place in sources.items() if row in once or row.endswith("*")}
        _write(SOURCES, _SOURCES_HEAD, kept)
    missing = sorted(row for row in once if not source_of(row, sources))
    print(f"{len(once)} lines are matched by one labelled repository; without a source: {len(missing)}")
    print(*(f"  {row} ({once[row]})" for row in missing), sep="\n")
    return 1 if missing else 0


_SOURCES_HEAD = (
    "# Where else each of the lines in rows_matched_once.tsv was seen: a place in another public repository,"
    " or a page. A * stands for all lines that begin so."
)


def source_of(row: str, sources: dict[str, str]) -> str:
    """Return a line's source: its own, or that of all lines with its beginning (``pypi:*``); else empty."""
    fronts = (key for key in sources if key.endswith("*") and row.startswith(key[:-1]))
    return sources.get(row) or sources.get(next(fronts, ""), "")


def matched_once(labels: list[dict[str, str]], checkouts: Path) -> dict[str, str]:
    """Return the lines that one labelled repository matches, and which one it is."""
    matched: dict[str, set[str]] = {}
    for label in labels:
        place = place_of(checkouts, label["repo"])
        for row in {row for row, _ in rows_of(place, label["commit"])} if place else ():
            matched.setdefault(row, set()).add(label["repo"])
    return {row: next(iter(repos)) for row, repos in sorted(matched.items()) if len(repos) == 1}


def seen_elsewhere(rows: Iterable[str], checkouts: Path, labelled: set[str]) -> Iterator[tuple[str, str]]:
    """Yield a place for each line that another checkout matches, until all are found."""
    wanted = set(rows)
    for place in sorted(checkouts.iterdir()):
        if not wanted or place.name in labelled or "+" not in place.name:
            continue
        git = place / "repo" if (place / "repo").is_dir() else place
        commit = _head(git)
        for row, path in rows_of(git, commit) if commit else ():
            if row in wanted:
                wanted.discard(row)
                yield row, f"{place.name.replace('+', '/', 1)}@{commit[:12]}:{path}"


def rows_of(place: Path, commit: str) -> Iterator[tuple[str, str]]:
    """Yield the catalogue's lines that a repository matches, with a path for each; lines may come again."""
    formats = formats_for(load_catalogue())
    objects = place / "objects" if (place / "objects").is_dir() else place / ".git" / "objects"
    with GitReader(objects) as reader:
        paths: dict[str, str] = {}
        for entry in reader.tree(commit):
            path = entry.path.decode("utf-8", "replace")
            plan = formats.plan(path)
            if entry.mode.startswith("100") and (plan.formats or plan.syntax not in UNREAD):
                paths.setdefault(entry.object_id, path)
        sizes = reader.sizes(list(paths))
        small = [blob for blob in paths if sizes.get(blob, 0) <= _MOST_BYTES]
        for blob, data in reader.blobs(small):
            for row in rows_in(formats, paths[blob], data):
                yield row, paths[blob]


def rows_in(formats: Formats, path: str, data: bytes) -> set[str]:
    """Return the lines of the catalogue that one file matches."""
    plan = formats.plan(path)
    found: set[str] = set()
    hits = formats.prefilter.search(data) if plan.syntax not in UNREAD else []
    by_row: dict[tuple[str, int], list[Hit]] = {}
    for hit in hits:
        by_row.setdefault((hit.hit_class, hit.row), []).append(hit)

    def read(row: Format, group: list[Hit]) -> list[Fact]:
        name = path.rpartition("/")[2]
        source = Source(
            data=data,
            name=name,
            syntax=plan.syntax,
            catalogue=formats.catalogue,
            hits=tuple(group),
            label=plan.label,
        )
        return _facts(row, source)

    for (hit_class, number), group in by_row.items():
        for row in formats.catalogue.format:
            facts = read(row, group) if hit_class in row.hits else []
            if facts:
                found |= {_of_hit(formats.catalogue, hit_class, number), *_named(formats.catalogue, facts)}
    for format_name in plan.formats:
        facts = read(formats.rows[format_name], [])
        found |= _named(formats.catalogue, facts)
        if facts and format_name == "agent-file":
            found.add(f"agent-file:{plan.label}")
    return found - {""}


def _facts(row: Format, source: Source) -> list[Fact]:
    module, _, function = row.parser.partition(":")
    try:
        return list(getattr(importlib.import_module(module), function)(source))
    except (UnreadableError, RecursionError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        return []


def _of_hit(catalogue: Catalogue, hit_class: str, number: int) -> str:
    """Return the line behind a hit; empty for the classes whose facts say it by their names."""
    find = _TABLES.get(hit_class)
    return f"{hit_class}:{find(catalogue)[number]}" if find else ""


_TABLES: dict[str, Callable[[Catalogue], list[str]]] = {
    "model": lambda catalogue: [row.name for row in catalogue.family],
    "model-place": lambda catalogue: [row.name for row in catalogue.place],
    "model-constant": lambda catalogue: [row.literal for row in catalogue.model_constant],
    "agent-code": lambda catalogue: [row.name for row in catalogue.agent_code],
    "secret-name": lambda catalogue: [row.name for row in catalogue.secret],
    "mcp-code": lambda catalogue: [row.name for row in catalogue.mcp_server_code],
    "mcp-client": lambda catalogue: list(catalogue.mcp_client_calls),
    "client-base": lambda catalogue: [row.name for row in catalogue.client_base],
    "host": lambda catalogue: [host for row in catalogue.provider for host in row.hosts],
    "image": lambda catalogue: [row.name for row in catalogue.image],
    "server-command": lambda catalogue: [row.name for row in catalogue.server_command],
    "grant": lambda catalogue: [row.name for row in catalogue.grant],
    "chart": lambda catalogue: [row.name for row in catalogue.chart],
    "oversight": lambda catalogue: [row.name for row in catalogue.oversight],
    "data": lambda catalogue: [row.name for row in catalogue.data],
}


def _named(catalogue: Catalogue, facts: list[Fact]) -> set[str]:
    """Return the lines that facts name themselves: packages, resource types, steps of pipelines."""
    found: set[str] = set()
    for fact in facts:
        resource = str(fact.attributes.get("resource_type", "")).lower()
        if fact.kind == "package":
            found.add(f"{fact.attributes.get('ecosystem')}:{fact.name}")
        elif fact.kind == "ci_step":
            found |= {
                f"ci:{name}" for name in _steps(catalogue) if fact.name.lower().startswith(name.lower())
            }
        elif resource in (known := _types(catalogue)):
            found.add(f"type:{known[resource]}")
    return found


def _types(catalogue: Catalogue) -> dict[str, str]:
    """Return the types of infrastructure by their lower-case names."""
    return _types_of(catalogue.version)


@cache
def _types_of(version: str) -> dict[str, str]:
    catalogue = load_catalogue()
    assert catalogue.version == version
    tables = (catalogue.terraform, catalogue.arm, catalogue.cloudformation, catalogue.kubernetes)
    return {
        row.type.lower(): row.type for table in (*tables, catalogue.pulumi, catalogue.cdk) for row in table
    }


def _steps(catalogue: Catalogue) -> list[str]:
    return [*(row.name for row in catalogue.ci_action), *(row.name for row in catalogue.ci_command)]


def known_rows(catalogue: Catalogue) -> set[str]:
    """Return the names of all lines that could be told here."""
    found = {f"{hit_class}:{name}" for hit_class, find in _TABLES.items() for name in find(catalogue)}
    found |= {f"{system}:{row.name}" for system, rows in catalogue.packages.items() for row in rows.values()}
    found |= {f"ci:{name}" for name in _steps(catalogue)} | {
        f"type:{name}" for name in _types(catalogue).values()
    }
    return found | {f"agent-file:{row.name}" for row in catalogue.file}


def read_table(path: Path) -> dict[str, str]:
    """Return a list of two columns as it is committed."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {row: other for row, other in pairs}  # noqa: C416 - says how many columns there are


def _write(path: Path, title: str, rows: dict[str, str]) -> None:
    lines = [title, *(f"{row}\t{other}" for row, other in sorted(rows.items()))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _head(git: Path) -> str:
    head = (git / "HEAD").read_text().strip() if (git / "HEAD").exists() else ""
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    loose = git / name
    if loose.exists():
        return loose.read_text().strip()
    packed = (git / "packed-refs").read_text() if (git / "packed-refs").exists() else ""
    found = re.search(rf"(?m)^([0-9a-f]{{40,64}}) {re.escape(name)}$", packed)
    return found.group(1) if found else ""


if __name__ == "__main__":
    sys.exit(main())
