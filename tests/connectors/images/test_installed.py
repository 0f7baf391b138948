"""What package managers leave behind tells what is installed, with its version."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.catalogue import load_catalogue
from connectors.catalogue.tables import Catalogue, Ecosystem, Package
from connectors.code.facts import Source, UnreadableError
from connectors.images.installed import golang, reader_of
from connectors.images.knowledge import load_knowledge

ROWS: dict[Ecosystem, tuple[str, ...]] = {
    "pypi": ("openai",),
    "npm": ("openai", "@anthropic-ai/sdk"),
    "gem": ("ruby-openai",),
    "composer": ("openai-php/client",),
    "nuget": ("OpenAI",),
    "cran": ("ellmer",),
    "golang": ("github.com/openai/openai-go",),
}


def _catalogue() -> Catalogue:
    known = load_catalogue()
    made: dict[str, Mapping[str, Package]] = {
        ecosystem: {
            name.lower() if ecosystem == "nuget" else name: Package(
                name=name, category="provider_sdk", vendor="acme"
            )
            for name in names
        }
        for ecosystem, names in ROWS.items()
    }
    return replace(known, packages=MappingProxyType({**known.packages, **made}))


def _source(content: str | bytes) -> Source:
    data = content.encode() if isinstance(content, str) else content
    return Source(data=data, name="x", syntax="config", catalogue=_catalogue())


def _read(function: str, content: str | bytes) -> dict[str, object]:
    reader = reader_of(f"connectors.images.installed:{function}")
    return {fact.identifier: fact.attributes.get("locked") for fact in reader(_source(content))}


GEM = """# -*- encoding: utf-8 -*-
Gem::Specification.new do |s|
  s.name = "ruby-openai".freeze
  s.version = "7.1.0".freeze
  s.dependencies = ["openai"]
end
"""
DPKG = """Package: libtorch2.6
Status: install ok installed
Version: 2.6.0-1

Package: libonnxruntime1.20
Status: deinstall ok config-files
Version: 1.20

Package: bash
Status: install ok installed
Version: 5.2
"""
APK = "C:Q1abc=\nP:ollama\nV:0.12.3-r0\nA:x86_64\n\nP:busybox\nV:1.37.0\n"


@pytest.mark.parametrize(
    ("function", "content", "expected"),
    [
        (
            "python",
            "Metadata-Version: 2.1\nName: OpenAI\nVersion: 1.2\n\nName: other",
            {"pkg:pypi/openai": "1.2"},
        ),
        ("python", "Name: requests\nVersion: 2\n", {}),
        (
            "npm",
            json.dumps({"name": "@anthropic-ai/sdk", "version": "0.60.0"}),
            {"pkg:npm/%40anthropic-ai/sdk": "0.60.0"},
        ),
        ("npm", json.dumps({"name": "left-pad", "dependencies": {"openai": "1"}}), {}),
        ("gem", GEM, {"pkg:gem/ruby-openai": "7.1.0"}),
        (
            "composer",
            json.dumps({"packages": [{"name": "openai-php/client", "version": "v0.10.1"}, 7, {"name": 1}]}),
            {"pkg:composer/openai-php/client": "0.10.1"},
        ),
        (
            "nuget",
            json.dumps({"libraries": {"OpenAI/2.1.0": {"type": "package"}, "OpenAI/1": {"type": "project"}}}),
            {"pkg:nuget/OpenAI": "2.1.0"},
        ),
        ("cran", "Package: ellmer\nVersion: 0.3\nDescription: long\n  text\n", {"pkg:cran/ellmer": "0.3"}),
        ("dpkg", DPKG, {"pkg:deb/libtorch2.6": "2.6.0-1"}),
        ("dpkg", "Package: tensorrt\nVersion: 10.1\n", {"pkg:deb/tensorrt": "10.1"}),
        ("apk", APK, {"pkg:apk/ollama": "0.12.3-r0"}),
    ],
)
def test_catalogued_packages_are_read_with_their_version(
    function: str, content: str, expected: dict[str, object]
) -> None:
    assert _read(function, content) == expected


def test_modules_of_a_program_are_known_by_their_path_without_the_major_version() -> None:
    modules = {"github.com/openai/openai-go/v3": "v3.1.0", "example.org/other": "v1"}

    found = [(fact.identifier, fact.attributes["locked"]) for fact in golang(_source(b""), modules)]

    assert found == [("pkg:golang/github.com/openai/openai-go", "v3.1.0")]


@pytest.mark.parametrize("function", ["npm", "composer", "nuget"])
@pytest.mark.parametrize(
    "content", ["", "{", "[]", "7", '{"packages": 1, "libraries": [2], "name": {}}', "[" * 100_000]
)
def test_content_of_the_wrong_shape_is_nothing_or_unreadable(function: str, content: str) -> None:
    try:
        found = _read(function, content)
    except UnreadableError:
        return

    assert found == {}


def test_a_specification_whose_name_is_computed_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="literal"):
        _read("gem", "Gem::Specification.new { |s| s.name = NAME }")


def test_only_functions_of_this_connector_can_be_named() -> None:
    with pytest.raises(ValueError, match="not a reader"):
        reader_of("os:system")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([row.reader for row in load_knowledge().installed]), st.binary(max_size=300))
def test_garbage_is_nothing_or_unreadable(place: str, data: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        assert list(reader_of(place)(_source(data))) == []
