from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import discovery
from discovery.service import yaml_texts

TABLES = sorted(path for path in Path(discovery.__path__[0]).rglob("*.yaml"))


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 50_000])
def test_what_nests_without_end_is_refused_before_it_ends_the_process(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="deeper than 100 levels"):
        yaml_texts.load(text)


def test_what_holds_itself_or_doubles_again_and_again_is_refused() -> None:
    doubling = "".join(f"- &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))

    with pytest.raises(yaml.YAMLError, match=r"\*w holds itself"):
        yaml_texts.load("when: &w {all: [*w]}")
    with pytest.raises(yaml.YAMLError, match="more than 200,000 values"):
        yaml_texts.load(f"- &a0 [1, 2]\n{doubling}")


def test_an_alias_stands_for_what_it_names() -> None:
    assert yaml_texts.load("a: &one [1, 2]\nb: *one\nc: &w x\nd: *w") == {
        "a": [1, 2],
        "b": [1, 2],
        "c": "x",
        "d": "x",
    }


def test_what_people_write_is_plain_data() -> None:
    assert yaml_texts.load("{a: [1, {b: on}], day: '2026-11-22'}") == {
        "a": [1, {"b": True}],
        "day": "2026-11-22",
    }

    with pytest.raises(yaml.YAMLError, match="could not determine a constructor"):
        yaml_texts.load("!!python/object/apply:os.getpid []")


@pytest.mark.parametrize("path", TABLES, ids=[path.stem for path in TABLES])
def test_every_table_of_ours_is_within_what_others_may_write(path: Path) -> None:
    name = path.relative_to(Path(discovery.__path__[0])).as_posix()

    assert yaml_texts.shipped(name) == yaml_texts.load(path.read_text(encoding="utf-8"))
