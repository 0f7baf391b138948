"""A layer says what is in it, what it takes away, and survives the cache; layers are laid over each other."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.registry import formats_for
from connectors.code.trees import Limits
from connectors.images.contents import ContentReader
from connectors.images.layers import LayerFacts, read_layer
from connectors.images.manifests import Layer
from connectors.images.merging import FileSystem, lay_over
from connectors.images.streams import StreamLimits
from tests.image_samples import Odd, dist_info, layer

OPENAI, TEXT = dist_info("openai")
OTHER, OTHER_TEXT = dist_info("anthropic")
Files = Mapping[str, str | bytes | Odd]


def _read(files: Files, *, is_base: bool = False) -> LayerFacts:
    contents = ContentReader(formats_for(load_catalogue()), Limits())
    return read_layer(io.BytesIO(layer(files)), contents, StreamLimits(), is_base=is_base)


def _laid(*layers: Files) -> FileSystem:
    read = [_read(files, is_base=not number) for number, files in enumerate(layers)]
    return lay_over(
        [
            (Layer(digest=f"sha256:{number}"), LayerFacts.unpack(one.pack()) or one)
            for number, one in enumerate(read)
        ]
    )


def _paths(*layers: Files) -> list[str]:
    return sorted(_laid(*layers).files)


def test_only_files_that_say_something_are_kept() -> None:
    found = _read(
        {OPENAI: TEXT, "usr/bin/x": "text", "app/readme.md": "gpt-4o", "app/a.py": 'M = "gpt-4o"\n'}
    )

    assert sorted(found.files) == ["app/a.py", OPENAI]


def test_a_layer_comes_out_of_the_cache_as_it_went_in() -> None:
    files: Files = {
        OPENAI: TEXT,
        "a/.wh.b": "",
        "c/.wh..wh..opq": "",
        f"x/{OPENAI}": Odd("hard", OPENAI),
        "d": Odd("folder"),
    }
    found = _read(files)

    assert LayerFacts.unpack(found.pack()) == found


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b"[[],[],{},[],[],1,2,false]", b'[{"a":"x"},[],{},[],[],"","",true]']
)
def test_what_is_no_packed_layer_is_a_miss(data: bytes) -> None:
    assert LayerFacts.unpack(data) is None


@pytest.mark.parametrize(
    "upper",
    [
        {f"{OPENAI.rpartition('/')[0]}/.wh.METADATA": ""},
        {"usr/lib/.wh.python3": ""},
        {".wh.usr": ""},
        {"usr/lib/python3/.wh..wh..opq": ""},
        {".wh..wh..opq": ""},
        {OPENAI: "Name: requests\nVersion: 1\n"},
        {"usr/lib/python3": "now a file"},
        {"usr/lib": Odd("link", "/elsewhere")},
        {OPENAI: Odd("folder")},
    ],
    ids=[
        "file",
        "folder",
        "root",
        "opaque",
        "opaque root",
        "replaced",
        "a file above",
        "a link above",
        "a folder",
    ],
)
def test_a_later_layer_hides_what_lies_below_it(upper: Files) -> None:
    system = _laid(
        {OPENAI: TEXT, "keep/" + OTHER: OTHER_TEXT} if ".wh.usr" in upper else {OPENAI: TEXT}, upper
    )

    assert OPENAI not in system.files
    assert [held.path for held in system.hidden][:1] == [OPENAI]


@pytest.mark.parametrize(
    "upper",
    [
        {"usr/lib/python3/.wh.other": ""},
        {"usr/lib": Odd("folder")},
        {"usr/lib/python30": "x"},
        {"opt/.wh..wh..opq": ""},
        {},
    ],
)
def test_a_later_layer_leaves_the_rest_alone(upper: Files) -> None:
    assert _paths({OPENAI: TEXT}, upper) == [OPENAI]


def test_an_opaque_folder_keeps_what_its_own_layer_puts_there() -> None:
    upper: Files = {OTHER: OTHER_TEXT, "usr/lib/python3/.wh..wh..opq": ""}

    assert _paths({OPENAI: TEXT}, upper) == [OTHER]


def test_a_whiteout_counts_only_for_the_layers_below() -> None:
    lower: Files = {"usr/lib/.wh.python3": "", OPENAI: TEXT}

    assert _paths(lower, {}, {}) == [OPENAI]


def test_a_hard_link_says_what_its_target_says() -> None:
    cached = f"root/.cache/uv/{OPENAI}"

    assert _paths({cached: TEXT, OPENAI: Odd("hard", cached)}) == sorted([cached, OPENAI])
    assert _paths({cached: TEXT}, {OPENAI: Odd("hard", f"/{cached}")}) == sorted([cached, OPENAI])


def test_a_hard_link_out_of_the_image_is_listed_and_a_symbolic_one_not_followed() -> None:
    found = _read({"app/a.py": Odd("hard", "../../etc/passwd"), OPENAI: Odd("link", "/proc/self/environ")})

    assert found.problems == [("app/a.py", "", "a hard link to a path that leads out of the image")]
    assert not found.files
    assert not found.links


def test_paths_that_lead_out_are_listed_and_not_read() -> None:
    found = _read({"../../x/openai-1.dist-info/METADATA": TEXT, "/abs/openai-1.dist-info/METADATA": TEXT})

    assert [path for path, _, _ in found.problems] == ["../../x/openai-1.dist-info/METADATA"]
    assert list(found.files) == ["abs/openai-1.dist-info/METADATA"]


def test_the_last_of_two_entries_of_one_name_counts() -> None:
    data = layer({OPENAI: TEXT})[:1024] + layer({OPENAI: "Name: x\n"})
    contents = ContentReader(formats_for(load_catalogue()), Limits())

    found = read_layer(io.BytesIO(data), contents, StreamLimits(), is_base=False)

    assert not found.files


def test_what_could_not_be_read_below_is_forgotten_where_it_is_replaced() -> None:
    lower: Files = {"app/package.json": "{"}

    assert {path for path, _, _ in _laid(lower).problems} == {"app/package.json"}
    assert _laid(lower, {"app/.wh.package.json": ""}).problems == []
