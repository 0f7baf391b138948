"""Java archives tell their coordinates while they stream by, however deep they lie."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.catalogue import load_catalogue
from connectors.catalogue.tables import Catalogue, Package
from connectors.images.jars import MAX_DEPTH, coordinates
from connectors.images.streams import LayerError

PROPERTIES = "META-INF/maven/{0}/{1}/pom.properties"


class _OneWay(io.RawIOBase):
    """A target that cannot seek, so that sizes are written behind the data."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += data
        return len(data)


def _jar(files: Mapping[str, str | bytes], *, stored: bool = False, open_ended: bool = False) -> bytes:
    target: io.IOBase = _OneWay() if open_ended else io.BytesIO()
    kind = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w", kind) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            archive.writestr(name, content)
    return bytes(target.data) if isinstance(target, _OneWay) else target.getvalue()  # type: ignore[attr-defined]


def _library(
    group: str = "dev.langchain4j", artifact: str = "langchain4j", version: str = "1.0"
) -> dict[str, str]:
    text = f"#made\ngroupId={group}\nartifactId={artifact}\nversion={version}\n"
    return {"a/A.class": "x" * 5_000, PROPERTIES.format(group, artifact): text, "z/Z.class": "y" * 300}


def _catalogue() -> Catalogue:
    row = Package(
        name="com.openai:openai-java", category="provider_sdk", vendor="openai", modules=("com.openai",)
    )
    known = load_catalogue()
    return replace(known, packages=MappingProxyType({**known.packages, "maven": {row.name: row}}))


def _read(data: bytes, name: str = "app.jar") -> dict[str, str]:
    return coordinates(io.BytesIO(data), name, _catalogue())


@pytest.mark.parametrize("open_ended", [False, True])
def test_coordinates_are_read_wherever_sizes_stand(open_ended: bool) -> None:
    assert _read(_jar(_library(), open_ended=open_ended)) == {"dev.langchain4j:langchain4j": "1.0"}


@pytest.mark.parametrize("open_ended", [False, True])
@pytest.mark.parametrize("stored", [False, True])
def test_libraries_inside_an_application_are_read(open_ended: bool, stored: bool) -> None:
    inner = _jar(_library(), open_ended=open_ended)
    other = _jar(_library("org.other", "other", "2"), open_ended=open_ended)
    outer = _jar({"BOOT-INF/lib/a.jar": inner, "x.txt": "t", "BOOT-INF/lib/b.jar": other}, stored=stored)

    assert _read(outer) == {"dev.langchain4j:langchain4j": "1.0", "org.other:other": "2"}


def test_an_archive_too_deep_is_not_opened() -> None:
    data = _jar(_library())
    for _ in range(MAX_DEPTH + 1):
        data = _jar({"in.jar": data}, stored=True)

    assert _read(data) == {}


def test_a_library_without_coordinates_is_known_by_its_name_and_its_packages() -> None:
    data = _jar({"com/openai/client/Client.class": "x"})

    assert _read(data, "openai-java-4.2.0.jar") == {"com.openai:openai-java": "4.2.0"}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("openai-java-4.2.0.jar", "com/other/X.class"),
        ("other-1.0.jar", "com/openai/X.class"),
        ("openai-java.jar", "com/openai/X.class"),
    ],
)
def test_a_name_or_a_package_alone_proves_nothing(name: str, place: str) -> None:
    assert _read(_jar({place: "x"}), name) == {}


# Named: an archive holds the time, so that names made of its bytes would differ from process to process.
@pytest.mark.parametrize(
    "data", [b"PK\x03\x04", b"not a zip at all", _jar(_library())[:45]], ids=["magic", "text", "cut"]
)
def test_what_is_no_whole_archive_is_an_error(data: bytes) -> None:
    with pytest.raises(LayerError):
        _read(data)


def test_an_empty_archive_is_empty() -> None:
    assert _read(_jar({})) == {}


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1_500), st.binary(min_size=1, max_size=30), st.booleans())
def test_damage_ends_in_an_error_or_in_less(place: int, damage: bytes, open_ended: bool) -> None:
    data = bytearray(_jar(_library(), open_ended=open_ended))
    data[place : place + len(damage)] = damage

    try:
        found = _read(bytes(data))
    except LayerError:
        return

    assert all(isinstance(key, str) for key in found)


@pytest.mark.parametrize("inner", [False, True])
def test_an_archive_that_unpacks_without_end_is_given_up(inner: bool) -> None:
    bomb = _jar({"a.txt": b"\0" * 3_000_000}, open_ended=True)
    data = _jar({"in.jar": bomb}, stored=True) if inner else bomb

    with pytest.raises(LayerError, match="unpacks to more"):
        coordinates(io.BytesIO(data), "a.jar", _catalogue(), inflated_bytes=1_000_000)
