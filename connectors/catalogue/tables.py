"""The rows of the catalogue as types; an unknown key or a wrong type is refused while loading.

Plain data classes, typed by :mod:`connectors.catalogue.typing_rows`: a scan of a folder must not pay for a
validation library before it has read a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from sys import intern
from typing import Any, Literal, NewType

from connectors.catalogue.code_rows import (
    BaseVariable,
    CiAction,
    CiCommand,
    CiInput,
    ClientBase,
    Construct,
    FlowMark,
    ModelConstant,
    Retirement,
    RoleRule,
    Secret,
)
from connectors.catalogue.evidence_rows import (
    DataRow,
    NotAi,
    OversightRow,
    PersonalFields,
    PlaceholderWords,
    PlumbingWords,
)
from connectors.catalogue.infra_rows import (
    Chart,
    Grant,
    Image,
    ResourceType,
    ServerCommand,
    construct_names,
)
from connectors.catalogue.literals import ECOSYSTEMS as ECOSYSTEMS
from connectors.catalogue.literals import Category as Category
from connectors.catalogue.literals import Ecosystem as Ecosystem
from connectors.catalogue.literals import HitClass
from connectors.catalogue.typing_rows import typed
from connectors.errors import ConfigError

Kind = NewType("Kind", str)
"""A kind of :mod:`connectors.kinds`, or ``*`` where a row stands for all that infrastructure can declare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An AI provider and the hosts its API answers on (``*.`` and inner ``*`` stand for any labels)."""

    name: str
    title: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An AI package of one ecosystem; ``needs_manifest``: an import alone does not prove it.

    ``needs_import``: a manifest alone does not, for tools of other trades bring the package along.
    ``name`` is spelled as the registry does (Maven: ``group:artifact``), ``modules`` are what source code
    names when it uses it (module, package prefix, namespace or import path).
    """

    name: str
    category: Category
    vendor: str
    modules: tuple[str, ...] = ()
    needs_manifest: bool = False
    needs_import: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family of models: its spelling, and who makes it.

    ``whole``: the pattern is of the whole id with its owner path, and the owner says who makes it.
    ``sure``: ids of a family that needs context which nothing else is called: they need none.
    ``ending``: of the file that a model of the family comes as (``.pt``); it and its folders are no part of
    the id.
    """

    name: str
    vendor: str
    stems: tuple[str, ...]
    pattern: str
    example: str
    not_example: str
    needs_context: bool = False
    whole: bool = False
    sure: str = ""
    ending: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a file that names a model whatever it is called.

    ``unless``: what the rest of the call must not hold; ``without``: what the place itself must not.
    ``waits``: in source only, and only an id of the form owner/name of a repository of models; it counts
    where other AI is beside it.
    """

    name: str
    vendor: str
    literal: str
    pattern: str
    example: str
    not_example: str
    unless: str = ""
    without: str = ""
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A program that fetches and runs a package, and how to find the package in its arguments.

    ``installed``: subcommands that run what is installed already, by the name of its program.
    """

    program: str
    ecosystem: str
    value_options: tuple[str, ...]
    subcommands: tuple[str, ...] = ()
    package_option: str = ""
    installed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """A command that brings in packages; ``names`` is ``conda`` where its words are conda's names.

    ``only_first``: it runs one package and hands it the rest. ``package_option`` names the package itself.
    """

    name: str
    ecosystem: Ecosystem
    value_options: tuple[str, ...]
    only_first: bool = False
    package_option: str = ""
    names: Literal["", "conda"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpRegistrar:
    """A command that gives an agent an MCP server, and its options: with a value, and without.

    ``name_option`` says the server's name where no word does.
    """

    name: str
    value_options: tuple[str, ...]
    flags: tuple[str, ...] = ()
    name_option: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFile:
    """A file that instructs agents; with ``keys`` only when its content has one of them.

    ``unit_root``: it counts only in the repository's root or beside a unit's manifest, for elsewhere the name
    is an ordinary one (a page ``docs/install/replit.md``). ``form``: what the content must be instead: YAML
    that defines agents (each with one of ``keys`` and one of ``beside``), or a workflow that an agent runs.
    ``otherwise``: the row that is tried when a file is not in this one's form.
    """

    name: str
    vendor: str
    globs: tuple[str, ...]
    keys: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    form: Literal["", "agents", "agentic-workflow"] = ""
    otherwise: str = ""
    unit_root: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A file format: which files, which parser, which part; or which byte-search hits.

    ``head``: the parser needs only so many bytes from the front, so that larger files need not be read.
    ``declares``: what it shows is to run somewhere else.
    """

    name: str
    part: str
    parser: str
    version: int
    kinds: tuple[Kind, ...]
    globs: tuple[str, ...] = ()
    hits: tuple[HitClass, ...] = ()
    head: int = 0
    declares: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """How text is read, by the end of the file's name."""

    prose: tuple[str, ...]
    binary: tuple[str, ...]
    config: tuple[str, ...]
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class _Tables:
    """Everything in the files, as it stands there."""

    provider: tuple[Provider, ...]
    not_hosts: tuple[str, ...]
    client_base: tuple[ClientBase, ...]
    base_variable: tuple[BaseVariable, ...]
    base_endings: tuple[str, ...]
    server_endings: tuple[str, ...]
    pypi: tuple[Package, ...]
    npm: tuple[Package, ...]
    maven: tuple[Package, ...]
    server_starters: tuple[str, ...]
    nuget: tuple[Package, ...]
    golang: tuple[Package, ...]
    cargo: tuple[Package, ...]
    gem: tuple[Package, ...]
    composer: tuple[Package, ...]
    hex: tuple[Package, ...]
    pub: tuple[Package, ...]
    swift: tuple[Package, ...]
    cran: tuple[Package, ...]
    cocoapods: tuple[Package, ...]
    family: tuple[Family, ...]
    place: tuple[Place, ...]
    model_constant: tuple[ModelConstant, ...]
    retirement: tuple[Retirement, ...]
    context_words: tuple[str, ...]
    encoding_words: tuple[str, ...]
    call_marks: tuple[str, ...]
    cloud_prefixes: tuple[str, ...]
    bedrock_vendors: tuple[str, ...]
    owners: Mapping[str, str]
    terraform: tuple[ResourceType, ...]
    arm: tuple[ResourceType, ...]
    cloudformation: tuple[ResourceType, ...]
    kubernetes: tuple[ResourceType, ...]
    pulumi: tuple[ResourceType, ...]
    cdk: tuple[ResourceType, ...]
    bundle: tuple[ResourceType, ...]
    bundle_environments: tuple[str, ...]
    module: tuple[ResourceType, ...]
    image: tuple[Image, ...]
    build_word: str
    server_command: tuple[ServerCommand, ...]
    grant: tuple[Grant, ...]
    cloud_client: Mapping[str, str]
    cloud_client_class: Mapping[str, str]
    chart: tuple[Chart, ...]
    model_arguments: tuple[str, ...]
    kept_arguments: tuple[str, ...]
    server_keys: tuple[str, ...]
    runner: tuple[Runner, ...]
    sdks: Mapping[Ecosystem, tuple[str, ...]]
    installer: tuple[Installer, ...]
    command_files: tuple[str, ...]
    conda: Mapping[str, str]
    conda_same: tuple[str, ...]
    name_pattern: str
    not_name_pattern: str
    name_example: str
    name_not_example: str
    code_languages: Mapping[str, tuple[str, ...]]
    mcp_server_code: tuple[Construct, ...]
    mcp_client_calls: tuple[str, ...]
    mcp_registrar: tuple[McpRegistrar, ...]
    mcp_gateways: tuple[str, ...]
    mcp_code_runners: tuple[str, ...]
    mcp_target_marks: tuple[str, ...]
    mcp_table_marks: tuple[str, ...]
    mcp_image_marks: tuple[str, ...]
    agent_code: tuple[Construct, ...]
    agent_variables: tuple[str, ...]
    flow_marks: tuple[FlowMark, ...]
    secret: tuple[Secret, ...]
    ci_action: tuple[CiAction, ...]
    ci_orb: tuple[CiAction, ...]
    ci_command: tuple[CiCommand, ...]
    ci_input: tuple[CiInput, ...]
    ci_store_hosts: tuple[str, ...]
    ci_script_keys: tuple[str, ...]
    file: tuple[AgentFile, ...]
    format: tuple[Format, ...]
    unit_markers: tuple[str, ...]
    stack_markers: tuple[str, ...]
    packing_markers: tuple[str, ...]
    packing_folders: tuple[str, ...]
    workspace_markers: tuple[str, ...]
    skipped_folders: tuple[str, ...]
    skipped_when: Mapping[str, str]
    control_folders: tuple[str, ...]
    package_roots: tuple[str, ...]
    role: tuple[RoleRule, ...]
    repository_names: tuple[str, ...]
    repository_titles: str
    oversight: tuple[OversightRow, ...]
    data: tuple[DataRow, ...]
    personal_fields: tuple[PersonalFields, ...]
    not_ai: tuple[NotAi, ...]
    placeholders: tuple[str, ...]
    placeholder_words: PlaceholderWords
    plumbing_words: PlumbingWords
    bots: tuple[str, ...]
    syntax: Syntax


def problems_in(content: Mapping[str, Any]) -> list[str]:
    """Return every unknown key, missing key and wrong type in the merged content of the files."""
    problems: list[str] = []
    typed(_Tables, content, problems)
    return problems


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Catalogue(_Tables):
    """What we know, ready to be asked; ``version`` is a hash of the files it was read from."""

    version: str
    packages: Mapping[str, Mapping[str, Package]] = field(repr=False)
    resource_types: Mapping[str, ResourceType] = field(repr=False)
    arm_types: Mapping[str, ResourceType] = field(repr=False)
    construct_types: Mapping[str, ResourceType] = field(repr=False)
    construct_classes: frozenset[str] = field(repr=False)

    @classmethod
    def build(cls, content: dict[str, Any], *, version: str, where: str) -> Catalogue:
        """Type the merged content of the files; raises ``ConfigError`` with each wrong row."""
        problems: list[str] = []
        tables = typed(_Tables, content, problems)
        if tables is None or problems:
            raise ConfigError("the catalogue is wrong: " + "; ".join(problems[:10]), where=where)
        constructs = construct_names(tables.cloudformation, tables.pulumi, tables.cdk, tables.terraform)
        return cls(
            **{item.name: getattr(tables, item.name) for item in fields(_Tables)},
            version=version,
            packages={
                name: {intern(canonical(name, row.name)): row for row in getattr(tables, name)}
                for name in ECOSYSTEMS
            },
            resource_types={row.type: row for row in tables.terraform},
            arm_types={row.type.lower(): row for row in tables.arm},
            construct_types=constructs,
            construct_classes=frozenset(name.rpartition(".")[2] for name in constructs),
        )

    @property
    def infrastructure_kinds(self) -> tuple[str, ...]:
        """Return the kinds that infrastructure code can declare, sorted."""
        rows = (*self.terraform, *self.arm, *self.cloudformation, *self.kubernetes, *self.pulumi, *self.cdk)
        return tuple(sorted({row.kind for row in (*rows, *self.module, *self.bundle)}))

    def agent_file(self, name: str) -> AgentFile:
        """Return an agent file's row; raises ``KeyError`` for an unknown name."""
        for row in self.file:
            if row.name == name:
                return row
        raise KeyError(name)


def canonical(ecosystem: str, name: str) -> str:
    """Return a package name as its registry compares it (PEP 503 for PyPI; NuGet and Packagist: no case)."""
    if ecosystem == "pypi":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.lower() if ecosystem in _CASELESS else name


_CASELESS = frozenset({"nuget", "composer", "hex", "pub", "gem", "swift"})
