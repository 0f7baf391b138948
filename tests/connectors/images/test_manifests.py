"""Manifests, indexes and configurations are typed, whatever stands in them."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import BadResponse
from connectors.images.manifests import MAX_LAYERS, Choice, Manifest, fits, load, read_config, read_manifest

SHA = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def test_a_manifest_names_its_configuration_and_layers() -> None:
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    content = {
        "schemaVersion": 2,
        "config": {"digest": SHA, "mediaType": "c"},
        "layers": [{"digest": SHA, "size": 5, "mediaType": "t"}, {"digest": OTHER, "mediaType": foreign}],
    }

    found = read_manifest(content, "x")

    assert isinstance(found, Manifest)
    assert (found.config, found.config_type) == (SHA, "c")
    assert [(one.digest, one.size, one.is_elsewhere) for one in found.layers] == [
        (SHA, 5, False),
        (OTHER, -1, True),
    ]


def test_an_index_names_its_platforms() -> None:
    content = {
        "manifests": [
            {"digest": SHA, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
            {"digest": OTHER, "platform": "x"},
            {"digest": "sha256:../x"},
            7,
        ]
    }

    assert read_manifest(content, "x") == (
        Choice(digest=SHA, platform="linux/arm64/v8"),
        Choice(digest=OTHER, platform=""),
    )


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"schemaVersion": 1, "fsLayers": []},
        {"config": {"digest": SHA}, "layers": 7},
        {"config": {"digest": "x"}, "layers": []},
        {"config": {"digest": SHA}, "layers": [{"digest": "sha256:../../x"}]},
        {"config": {"digest": SHA}, "layers": [{"digest": SHA}] * (MAX_LAYERS + 1)},
        {"config": [], "layers": []},
    ],
)
def test_what_is_neither_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(BadResponse):
        read_manifest(content, "x")


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(BadResponse):
        load(data, "x")


def test_a_configuration_is_read_leniently() -> None:
    found = read_config(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": {"Env": ["A=1", 7], "Entrypoint": "run", "Cmd": None, "Labels": {"a": "b", "c": 7}},
            "rootfs": {"diff_ids": [SHA, "x"]},
        }
    )

    assert (found.platform, found.env, found.entrypoint, found.command) == (
        "linux/amd64",
        ("A=1",),
        ("run",),
        (),
    )
    assert (dict(found.labels), found.diff_ids) == ({"a": "b"}, (SHA,))


def test_the_values_of_variables_are_in_no_text_about_a_configuration() -> None:
    assert "hidden" not in repr(read_config({"config": {"Env": ["KEY=hidden"]}}))


@pytest.mark.parametrize(
    ("platform", "wanted", "expected"),
    [
        ("linux/amd64", ("linux/amd64",), True),
        ("linux/arm64/v8", ("linux/arm64",), True),
        ("linux/arm64/v8", ("linux/amd64",), False),
        ("windows/amd64", ("*",), True),
        ("unknown/unknown", ("*",), False),
    ],
)
def test_platforms_are_chosen(platform: str, wanted: tuple[str, ...], expected: bool) -> None:
    assert fits(platform, wanted) is expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(SHA),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["manifests", "config", "layers", "digest", "platform", "os", "size", "Env", "rootfs"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["manifests", "config", "layers", "rootfs", "os"]), JSON, max_size=4))
def test_any_json_is_typed_or_refused(content: dict[str, Any]) -> None:
    read_config(content)
    with contextlib.suppress(BadResponse):
        assert isinstance(read_manifest(content, "x"), Manifest | tuple)
