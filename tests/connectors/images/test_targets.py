"""A target is turned into images whose scopes stay the same and never collide."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.images.reference import parse_reference
from connectors.images.targets import ImageTarget, distinct, from_locator, is_path

SHA = "sha256:" + "a" * 64
NAME = "registry.example.org/team/app"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("./app.tar", True),
        ("/x/y", True),
        ("~/x", True),
        ("app.tar.gz", True),
        ("layouts/app.tgz", True),
        ("registry.example.org/team/app:1", False),
        ("nginx", False),
        (".", True),
    ],
)
def test_paths_and_names_are_told_apart(text: str, expected: bool) -> None:
    assert is_path(text) is expected


def test_what_is_there_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nginx").mkdir()

    assert is_path("nginx")


def _local(tag: str, path: str, version: str = SHA) -> ImageTarget:
    return ImageTarget(name=NAME, version=version, tag=tag, path=Path(path))


def test_the_same_image_written_twice_is_one_scope() -> None:
    found = distinct([_local("1", "/a.tar"), _local("1", "/a.tar")])

    assert [ids for ids, _ in found] == [(NAME, "1")]


def test_two_places_of_one_image_are_two_scopes() -> None:
    found = distinct(
        [_local("1", "/a.tar"), _local("1", "/b.tar"), _local("2", "/a.tar", "sha256:" + "b" * 64)]
    )

    ids = [one for one, _ in found]
    assert ids[0] == (NAME, "1")
    assert ids[1][:2] == (NAME, "1")
    assert ids[1][2].startswith("at-")
    assert ids[2] == (NAME, "2")
    assert ids == [one for one, _ in distinct([target for _, target in found])]


@pytest.mark.parametrize("text", [f"{NAME}:1", f"{NAME}@{SHA}", f"{NAME}:1@{SHA}"])
def test_a_locator_leads_back_to_the_image(text: str) -> None:
    reference = parse_reference(text)
    target = from_locator(str(reference))

    assert target.reference == reference
    assert target.locator == text
    assert target.ids == (NAME, reference.tag or SHA)


def test_a_locator_of_a_file_holds_its_digest() -> None:
    target = from_locator(_local("1", "/x/a#b.tar").locator)

    assert (target.path, target.version) == (Path("/x/a#b.tar"), SHA)


def test_the_repository_is_the_name_without_its_registry() -> None:
    assert _local("1", "/a.tar").repository == "team/app"
    assert _local("1", "/a.tar").label == f"{NAME}:1"
    assert ImageTarget(name="local/abc/home/me/app.tar", version=SHA).repository == "app.tar"
