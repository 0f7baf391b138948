"""Archives and layout folders are read in place, in every form, and believed only as far as digests go."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from connectors.errors import BadResponse, ConfigError, NotOffered
from connectors.images.archive import ImageArchive
from connectors.images.manifests import Layer
from connectors.images.sources import LayoutFolder
from connectors.images.streams import LayerError, StreamLimits
from connectors.images.targets import local_targets, open_local
from tests.image_samples import (
    Built,
    Odd,
    archive,
    digest,
    dist_info,
    image,
    index,
    layout,
    layout_files,
    saved,
)

LIMITS = StreamLimits()
BUILT = image(dict([dist_info("openai")]), {"b": "x" * 3_000})
NAME = "registry.example.org/team/app"


def _stored(source: ImageArchive | LayoutFolder, version: str) -> list[bytes | str]:
    """Return the stored bytes of every layer, or why they are not there."""
    _, (found,) = source.images(version, ("*",))
    got: dict[str, bytes | str] = {}
    for layer, stream in source.layers(found.layers):
        if isinstance(stream, LayerError):
            got[layer.digest] = str(stream)
            continue
        data = b""
        while piece := stream.read(1_000):
            data += piece
        got[layer.digest] = data
    return [got[layer.digest] for layer in found.layers]


@pytest.mark.parametrize("name", ["app.tar", "app.tar.gz"])
@pytest.mark.parametrize("form", ["saved", "oci"])
def test_layers_come_out_of_every_form_of_archive(tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / name
    made = saved(path, BUILT, f"{NAME}:1") if form == "saved" else archive(path, layout_files(BUILT))

    source = ImageArchive(made, LIMITS)

    (choice,) = source.choices()
    assert choice.digest == (digest(BUILT.config) if form == "saved" else BUILT.digest)
    assert _stored(source, choice.digest) == BUILT.layers


def test_layers_come_out_of_a_layout_folder(tmp_path: Path) -> None:
    source = LayoutFolder(layout(tmp_path, BUILT))

    assert _stored(source, source.choices()[0].digest) == BUILT.layers


def test_a_layer_that_older_engines_wrote_as_a_link_is_found(tmp_path: Path) -> None:
    config = json.dumps({"rootfs": {"diff_ids": [digest(BUILT.layers[0])] * 2}})
    entry = {"Config": "c.json", "RepoTags": None, "Layers": ["a/layer.tar", "b/layer.tar"]}
    files: dict[str, str | bytes | Odd] = {
        "a/layer.tar": BUILT.layers[0],
        "b/layer.tar": Odd("link", "../a/layer.tar"),
        "c.json": config,
        "manifest.json": json.dumps([entry]),
    }

    source = ImageArchive(archive(tmp_path / "x.tar", files), LIMITS)

    assert _stored(source, source.choices()[0].digest) == [BUILT.layers[0]] * 2


def test_an_archive_in_both_forms_is_read_by_its_index(tmp_path: Path) -> None:
    files = {**layout_files(BUILT), "manifest.json": json.dumps([{"Config": "x", "Layers": []}])}

    source = ImageArchive(archive(tmp_path / "x.tar", files), LIMITS)

    assert [one.digest for one in source.choices()] == [BUILT.digest]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a": "b"}, "neither index.json nor manifest.json"),
        ({"manifest.json": "{}"}, "neither"),
        ({"manifest.json": "[7]"}, "neither"),
        ({"manifest.json": "[{"}, "not JSON"),
        ({"manifest.json": '[{"Config": "gone.json", "Layers": []}]'}, "lacks"),
        ({"manifest.json": '[{"Config": "../../etc/passwd", "Layers": []}]'}, "lacks"),
        ({"index.json": "[]"}, "object"),
        ({"index.json": "{}"}, "neither"),
    ],
)
def test_an_archive_without_an_image_says_what_it_lacks(
    tmp_path: Path, files: dict[str, str | bytes | Odd], reason: str
) -> None:
    path = archive(tmp_path / "x.tar", files)

    with pytest.raises(BadResponse, match=reason):
        ImageArchive(path, LIMITS).choices()


@pytest.mark.parametrize("data", [b"", b"text", b"\x1f\x8b\x08\0broken"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(data)

    with pytest.raises(BadResponse):
        ImageArchive(path, LIMITS).choices()


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz"])
def test_an_archive_that_is_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / name, BUILT)
    path.write_bytes(path.read_bytes()[:700])

    with pytest.raises(BadResponse, match="cannot be read"):
        ImageArchive(path, LIMITS)


def test_another_number_of_layers_than_the_configuration_names_is_refused(tmp_path: Path) -> None:
    entry = {"Config": "c.json", "Layers": ["a", "b"]}
    path = archive(tmp_path / "x.tar", {"c.json": "{}", "manifest.json": json.dumps([entry])})
    source = ImageArchive(path, LIMITS)

    with pytest.raises(BadResponse, match="number of layers"):
        source.images(source.choices()[0].digest, ("*",))


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz"])
def test_a_layer_that_is_not_there_is_said_to_be_missing(tmp_path: Path, name: str) -> None:
    files = layout_files(BUILT)
    del files[f"blobs/sha256/{digest(BUILT.layers[1])[7:]}"]

    source = ImageArchive(archive(tmp_path / name, files), LIMITS)

    assert _stored(source, BUILT.digest) == [BUILT.layers[0], "it is not in the archive"]


def test_a_manifest_under_anothers_digest_is_refused(tmp_path: Path) -> None:
    files = layout_files(BUILT)
    files[f"blobs/sha256/{BUILT.digest[7:]}"] = BUILT.manifest + b" "

    with pytest.raises(BadResponse, match="not what it is kept as"):
        LayoutFolder(_written(tmp_path, files)).images(BUILT.digest, ("*",))


def test_a_link_or_pipe_in_place_of_a_blob_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(BUILT.layers[0])
    folder = layout(tmp_path / "layout", BUILT)
    first, second = (folder / "blobs/sha256" / digest(one)[7:] for one in BUILT.layers)
    first.unlink()
    first.symlink_to(secret)
    second.unlink()
    os.mkfifo(second)

    got = _stored(LayoutFolder(folder), BUILT.digest)

    assert all(isinstance(one, str) and "cannot be opened" in one for one in got)


def test_a_linked_folder_of_blobs_is_not_followed(tmp_path: Path) -> None:
    elsewhere = layout(tmp_path / "elsewhere", BUILT)
    folder = tmp_path / "layout"
    folder.mkdir()
    (folder / "index.json").write_bytes((elsewhere / "index.json").read_bytes())
    (folder / "blobs").symlink_to(elsewhere / "blobs")

    with pytest.raises(BadResponse, match="cannot be read"):
        LayoutFolder(folder).images(BUILT.digest, ("*",))


def test_platforms_are_chosen_from_an_index(tmp_path: Path) -> None:
    arm = image({"a": "arm"}, platform="linux/arm64")
    other = image({"a": "other"}, platform="unknown/unknown")
    nested = index({"linux/amd64": BUILT, "linux/arm64": arm, "unknown/unknown": other})
    blobs = {**BUILT.blobs, **arm.blobs, digest(nested): nested}
    source = LayoutFolder(layout(tmp_path, Built(layers=[], config=b"", manifest=nested, blobs=blobs)))
    top = source.choices()[0].digest

    assert [one.digest for one in source.images(top, ("linux/amd64",))[1]] == [BUILT.digest]
    assert [one.digest for one in source.images(top, ("*",))[1]] == [BUILT.digest, arm.digest]
    with pytest.raises(NotOffered, match="offered: linux/amd64, linux/arm64"):
        source.images(top, ("windows/amd64",))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((f"{NAME}:1",), [(NAME, "1", ())]),
        ((f"{NAME}:1", "other.example.org/app:2"), [(NAME, "1", ("other.example.org/app",))]),
        (("shop:1",), [("local", "", ())]),
        (("shop:1", f"{NAME}:2"), [(NAME, "2", ())]),
        (("../../x", "a b"), [("local", "", ())]),
        ((), [("local", "", ())]),
    ],
)
def test_an_archive_is_known_by_the_registry_it_names_else_by_its_place(
    tmp_path: Path, names: tuple[str, ...], expected: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    path = saved(tmp_path / "x.tar", BUILT, *names)

    found = [
        (one.name.partition("/")[0] if one.name.startswith("local/") else one.name, one.tag, one.aliases)
        for one in local_targets(str(path), LIMITS)
    ]

    assert found == expected


def test_each_image_of_an_archive_is_a_target(tmp_path: Path) -> None:
    entries = [{"Config": f"{number}.json", "Layers": []} for number in range(2)]
    files: dict[str, str | bytes | Odd] = {f"{number}.json": json.dumps({"n": number}) for number in range(2)}
    path = archive(tmp_path / "x.tar", {**files, "manifest.json": json.dumps(entries)})

    assert [one.tag for one in local_targets(str(path), LIMITS)] == ["0", "1"]


def test_a_folder_without_an_index_and_a_path_to_nothing_are_no_targets(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no index\.json"):
        open_local(tmp_path, LIMITS)
    with pytest.raises(ConfigError, match="does not exist"):
        open_local(tmp_path / "gone.tar", LIMITS)


def test_layers_without_a_place_are_asked_by_their_digest(tmp_path: Path) -> None:
    source = ImageArchive(archive(tmp_path / "x.tar", layout_files(BUILT)), LIMITS)

    ((_, stream),) = source.layers([Layer(digest=digest(BUILT.layers[0]))])

    assert not isinstance(stream, LayerError)


def _written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder
