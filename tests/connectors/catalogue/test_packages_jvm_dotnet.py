"""The rows of Maven and NuGet are spelled as their registries and languages spell them."""

from __future__ import annotations

import re

from connectors.catalogue import load_catalogue

_COORDINATES = re.compile(r"[A-Za-z][\w.-]*:[A-Za-z][\w.-]*")
_JAVA_PACKAGE = re.compile(r"[a-z_]\w*(?:\.[a-zA-Z_]\w*)*")
_NUGET_ID = re.compile(r"[A-Za-z_][\w.-]*")


def test_maven_names_are_a_group_and_an_artifact() -> None:
    wrong = [row.name for row in load_catalogue().maven if not _COORDINATES.fullmatch(row.name)]

    assert wrong == []


def test_java_modules_are_packages() -> None:
    modules = [module for row in load_catalogue().maven for module in row.modules]

    assert [module for module in modules if not _JAVA_PACKAGE.fullmatch(module)] == []


def test_nuget_ids_and_namespaces_are_names() -> None:
    catalogue = load_catalogue()

    names = [name for row in catalogue.nuget for name in (row.name, *row.modules)]

    assert [name for name in names if not _NUGET_ID.fullmatch(name)] == []


def test_a_namespace_of_one_common_word_needs_a_manifest() -> None:
    common = {"OpenAI", "Anthropic", "LangChain", "Pinecone", "A2A", "AutoGen", "Tensorflow"}

    rows = [row for row in load_catalogue().nuget if common & {*row.modules}]

    assert len(rows) == len(common)
    assert all(row.needs_manifest for row in rows)


def test_every_starter_of_servers_is_a_catalogued_package() -> None:
    catalogue = load_catalogue()

    assert [name for name in catalogue.server_starters if name not in catalogue.packages["maven"]] == []
