"""Which files of a tree are looked up in the cache."""

from __future__ import annotations

from pathlib import Path

from connectors.runner import TravellingCache
from tests.code_samples import Scanned, commit, git, scan, write

FILLER = "".join(f'"node_modules/p{number}": {{"version": "1.0.0"}}, ' for number in range(2_000))
LOCK = f'{{"packages": {{{FILLER} "node_modules/openai": {{"version": "4.1.0"}}}}}}'


def _locked(found: Scanned) -> set[object]:
    return {one.attributes.get("locked") for one in found.findings if one.name == "openai"}


def test_a_large_lock_of_a_folder_is_parsed_once(tmp_path: Path) -> None:
    write(tmp_path, {"package-lock.json": LOCK, "app.py": "import anthropic\n"})
    cache = TravellingCache()

    first = scan(tmp_path, cache=cache)
    # Only facts that came from the cache can show a version that stands in no file.
    cache.entries = {key: value.replace(b"4.1.0", b"9.9.9") for key, value in cache.entries.items()}
    second = scan(tmp_path, cache=cache)

    assert len(cache.entries) == 1
    assert (_locked(first), _locked(second)) == ({"4.1.0"}, {"9.9.9"})


def test_a_changed_lock_is_parsed_again(tmp_path: Path) -> None:
    write(tmp_path, {"package-lock.json": LOCK})
    cache = TravellingCache()
    scan(tmp_path, cache=cache)
    write(tmp_path, {"package-lock.json": LOCK.replace("4.1.0", "4.2.0")})

    again = scan(tmp_path, cache=cache)

    assert _locked(again) == {"4.2.0"}


def test_every_file_of_a_commit_is_cached_by_its_blob(tmp_path: Path) -> None:
    commit(
        tmp_path,
        {"package-lock.json": LOCK, "app.py": "import anthropic\n", "b/app.py": "import anthropic\n"},
    )
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path), str(tmp_path / "bare.git"))
    cache = TravellingCache()

    scan(tmp_path / "bare.git", cache=cache, history_commits=0)

    assert len(cache.entries) == 2
