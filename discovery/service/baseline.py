"""Keep what is known already in a file, so that a pipeline fails only on what comes on top of it.

A baseline is JSON with one line for each thing, sorted and without times: it can be committed and reads well
in a diff. A thing is known by its natural key alone; a line stays good when versions, places or names change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from connectors.errors import ConfigError
from discovery.render.as_json import dumps
from discovery.service.views import AssetView

FORMAT = "aicensus.baseline/1"
_MOST_BYTES = 200_000_000
_LOCAL = "code/local/"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The things that are known: pairs of namespace and natural id."""

    keys: frozenset[tuple[str, str]]

    def holds(self, asset: AssetView) -> bool:
        """Say whether an asset is known."""
        return _key(asset) in self.keys


def write_baseline(assets: Iterable[AssetView], out: TextIO) -> int:
    """Write the baseline of these assets and return how many it holds."""
    rows = {_key(asset): (asset.kind, asset.name) for asset in assets}
    out.write(f'{{"format":{dumps(FORMAT)},\n"things":[')
    for number, ((namespace, key), (kind, name)) in enumerate(sorted(rows.items())):
        row = {"namespace": namespace, "key": key, "kind": kind, "name": name}
        out.write(f"{',' if number else ''}\n{dumps(row)}")
    out.write("\n]}\n")
    return len(rows)


def read_baseline(path: Path) -> Baseline:
    """Read a baseline; raises ``ConfigError`` when it is missing or something else."""
    hint = "Write one with: aicensus scan --write-baseline FILE"
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"the baseline {str(path)!r} is too large", hint=hint)
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ConfigError(f"the baseline {str(path)!r} has another format than {FORMAT}", hint=hint)
        return Baseline(frozenset((str(row["namespace"]), str(row["key"])) for row in content["things"]))
    except OSError as error:
        raise ConfigError(
            f"the baseline {str(path)!r} cannot be read: {error.strerror}", hint=hint
        ) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConfigError(f"the baseline {str(path)!r} is none: it is not {FORMAT}", hint=hint) from error


def _key(asset: AssetView) -> tuple[str, str]:
    # A folder without a remote is named by machine and path: neither tells what is in it.
    namespace = "code/local" if asset.namespace.startswith(_LOCAL) else asset.namespace
    return namespace, asset.natural_id
