"""Find every catalogued literal in a file's bytes in one pass.

One automaton (Aho-Corasick as a DFA, about 200 to 600 MB a second a core) holds the fronts of the literals of
all classes; only files with a hit are looked at again, and there only the lines around the hits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import TypeAlias

from connectors.catalogue.tables import Catalogue, Package
from connectors.code.facts import Hit

SUPPRESSION_MARK = b"aicensus:"
_WINDOW = 512 * 1024
_Rest: TypeAlias = tuple[bytes, list[tuple[str, int]]]
_FRONT = 10
"""Bytes of a literal that the automaton knows; the rest is compared where they are found.

Measured with 10,373 literals: 13 MB instead of 18 with 12 bytes, for half as many places more to compare
(50 ms of 2 s for 5,000 files full of AI); with 9 there are twice as many.
"""
_FEW = 16
_NEXT = 4
"""Where more literals than ``_FEW`` share a front (``Microsoft.``), so many bytes behind it tell them apart.

Comparing each of them one by one took a sixth of the search in 5,000 files of .NET and Python; a table for
every front with more than 4 costs 1 MB and gains nothing.
"""
_END = attrgetter("end", "start")
MAX_HITS = 20_000
"""Hits kept of one file, so that a file made of one repeated literal cannot fill the memory."""


class Prefilter:
    """The byte search over all literals of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

        literals: dict[bytes, list[tuple[str, int]]] = {}
        for hit_class, row, literal in _literals(catalogue):
            literals.setdefault(literal.encode(), []).append((hit_class, row))
        fronts: dict[bytes, list[_Rest]] = {}
        for whole, meanings in literals.items():
            fronts.setdefault(whole[:_FRONT], []).append((whole[_FRONT:], meanings))
        self.literals = tuple(literals)
        self._rests = [_told_apart(rests) for rests in fronts.values()]
        # Overlapping search, for one literal may begin inside another; only the standard kind allows it.
        self._automaton = BytesAhoCorasick(list(fronts), MatchKind.Standard, Implementation.DFA)

    def search(self, data: bytes) -> list[Hit]:
        """Return the hits in the order in which they end, at most :data:`MAX_HITS`."""
        if len(data) <= _WINDOW:
            found = self._automaton.find_matches_as_indexes(data, overlapping=True)
            hits = self._hits(data, found, 0, 0) if found else []
        else:
            hits = self._search_windows(data)
        hits.sort(key=_END)
        return hits[:MAX_HITS]

    def _search_windows(self, data: bytes) -> list[Hit]:
        """Search piece by piece: what the automaton returns for a large file could fill the memory."""
        hits: list[Hit] = []
        for start in range(0, len(data), _WINDOW):
            begin = max(0, start - _FRONT + 1)
            window = memoryview(data)[begin : start + _WINDOW]
            found = self._automaton.find_matches_as_indexes(window, overlapping=True)
            hits += self._hits(data, found, begin, start)
            if len(hits) > MAX_HITS:
                break
        return hits

    def _hits(self, data: bytes, found: list[tuple[int, int, int]], offset: int, after: int) -> list[Hit]:
        """Return the literals whose fronts were ``found`` (from ``offset`` on) and end behind ``after``."""
        return [
            Hit(hit_class, row, offset + start, offset + end + len(rest))
            for index, start, end in found
            if offset + end > after
            for few, crowd in (self._rests[index],)
            for rests in (
                (few, crowd.get(data[offset + end : offset + end + _NEXT], ())) if crowd else (few,)
            )
            for rest, meanings in rests
            if data.startswith(rest, offset + end)
            for hit_class, row in meanings
        ]


def _told_apart(rests: list[_Rest]) -> tuple[list[_Rest], dict[bytes, list[_Rest]] | None]:
    """Return what may follow a front: what is compared one by one, and the crowd by its next bytes."""
    if len(rests) <= _FEW:
        return rests, None
    crowd: dict[bytes, list[_Rest]] = {}
    for rest in rests:
        if len(rest[0]) >= _NEXT:
            crowd.setdefault(rest[0][:_NEXT], []).append(rest)
    return [rest for rest in rests if len(rest[0]) < _NEXT], crowd


def _literals(catalogue: Catalogue) -> Iterator[tuple[str, int, str]]:
    yield "suppression", 0, SUPPRESSION_MARK.decode()
    for number, gate in enumerate(catalogue.oversight):
        yield from (("oversight", number, literal) for literal in gate.literals)
    for number, store in enumerate(catalogue.data):
        yield from (("data", number, literal) for literal in store.literals)
    for row, family in enumerate(catalogue.family):
        for stem in family.stems:
            yield "model", row, stem
    for row, place in enumerate(catalogue.place):
        yield "model-place", row, place.literal
    for row, constant in enumerate(catalogue.model_constant):
        yield "model-constant", row, constant.literal
    for row, construct in enumerate(catalogue.agent_code):
        yield "agent-code", row, construct.literal
    for row, secret in enumerate(catalogue.secret):
        yield "secret-name", row, secret.name
    yield from _mcp_literals(catalogue)
    for row, mark in enumerate(catalogue.flow_marks):
        yield "flow", row, mark.literal
    for row, base in enumerate(catalogue.client_base):
        yield "client-base", row, base.literal
    for row, variable in enumerate(catalogue.base_variable):
        endings = (*catalogue.base_endings, *(catalogue.server_endings if variable.is_server else ()))
        yield from (("base-variable", row, variable.name + ending) for ending in endings)
    row = 0
    for provider in catalogue.provider:
        for host in provider.hosts:
            yield "host", row, max(host.split("*"), key=len)
            row += 1
    for row, package in enumerate(catalogue.pypi):
        for module in package.modules:
            yield "python-module", row, f"import {module}"
            yield "python-module", row, f"from {module}"
            if "." in module:  # from google import genai
                parent, _, last = module.rpartition(".")
                yield "python-module", row, f"from {parent} import {last}"
    for row, package in enumerate(catalogue.npm):
        for quote in "'\"":
            yield "npm-module", row, f"{quote}{package.name}{quote}"
            yield "npm-module", row, f"{quote}{package.name}/"
    yield from _package_literals(catalogue)
    yield from _jvm_and_dotnet_literals(catalogue)
    yield from _infrastructure_literals(catalogue)
    for row, installer in enumerate(catalogue.installer):
        yield f"install-{installer.ecosystem}", row, installer.name
    yield "script-metadata", 0, "# /// script"
    yield "gemfile-inline", 0, "bundler/inline"
    yield "mix-install", 0, "Mix.install("


def _mcp_literals(catalogue: Catalogue) -> Iterator[tuple[str, int, str]]:
    """Yield what shows servers of the Model Context Protocol, those who start them and those who ask them."""
    for row, construct in enumerate(catalogue.mcp_server_code):
        yield "mcp-code", row, construct.literal
    for row, call in enumerate(catalogue.mcp_client_calls):
        yield "mcp-client", row, call
    for row, registrar in enumerate(catalogue.mcp_registrar):
        yield "mcp-command", row, registrar.name
    for row, gateway in enumerate(catalogue.mcp_gateways):
        yield "mcp-gateway", row, gateway
    for row, program in enumerate(catalogue.mcp_code_runners):
        yield from (("mcp-runner", row, f"{quote}{program}{quote}") for quote in "'\"")
    yield "mcp-protocol", 0, "tools/call"
    yield "mcp-protocol", 1, "serverInfo"
    yield from (("mcp-target", row, mark) for row, mark in enumerate(catalogue.mcp_target_marks))
    yield from (("mcp-table", row, mark) for row, mark in enumerate(catalogue.mcp_table_marks))
    yield from (("mcp-image", row, mark) for row, mark in enumerate(catalogue.mcp_image_marks))


def _package_literals(catalogue: Catalogue) -> Iterator[tuple[str, int, str]]:
    """Yield how source code names the packages of languages whose rows say so under ``modules``."""
    for row, package in enumerate(catalogue.golang):
        for module in package.modules or (package.name,):
            yield "golang-module", row, f'"{module}'
    for ecosystem, spellings in _SPELLINGS.items():
        for row, package in enumerate(getattr(catalogue, ecosystem)):
            for module in package.modules:
                for spelling in spellings:
                    if len(module) >= _LONG or spelling[0] != "{":
                        yield f"{ecosystem}-module", row, spelling.format(module)


def _jvm_and_dotnet_literals(catalogue: Catalogue) -> Iterator[tuple[str, int, str]]:
    """Yield the roots of catalogued modules as they stand in a statement; a parser reads what is around them.

    A name with a dot needs no word before it to be rare, so one literal serves all statements and languages.
    """
    for ecosystem, words in (("maven", ("import",)), ("nuget", ("using", "open", "Imports"))):
        for root in _roots(getattr(catalogue, ecosystem)):
            for front in ("",) if "." in root else words:
                yield f"{ecosystem}-module", 0, f"{front} {root}"
    for literal in (
        "//DEPS ",
        "//> using dep",
        "//> using test.dep",
        "//> using lib",
        "@file:DependsOn(",
        "@Grab(",
    ):
        yield "jvm-directive", 0, literal
    for literal in ("#:package ", '#r "nuget:', '#r \\"nuget:'):
        yield "dotnet-directive", 0, literal
    for literal in ("ServerParameters.builder(", "StdioClientTransport", "StdioMcpTransport"):
        yield "mcp-launch", 0, literal


def _roots(packages: Sequence[Package]) -> list[str]:
    """Return the modules that lie in no other module."""
    modules = {module for row in packages for module in row.modules}
    return [
        module
        for module in sorted(modules)
        if not any(module[:place] in modules for place, letter in enumerate(module) if letter == ".")
    ]


def _infrastructure_literals(catalogue: Catalogue) -> Iterator[tuple[str, int, str]]:
    """Yield what names infrastructure; the row counts only where a row has literals of its own."""
    for row, image in enumerate(catalogue.image):
        for literal in image.searched:
            yield "image", row, literal
    for row, command in enumerate(catalogue.server_command):
        yield "server-command", row, command.literal
    for row, grant in enumerate(catalogue.grant):
        for literal in (*grant.prefixes, *grant.names):
            yield "grant", row, literal
    for row, service in enumerate(catalogue.cloud_client):
        yield "cloud-client", row, f'"{service}"'
        yield "cloud-client", row, f"'{service}'"
        yield "cloud-client", row, f'"{service}\\"'  # a notebook's
    for literal in ("'aws-sdk'", '"aws-sdk"', "aws-sdk/clients/"):
        yield "cloud-client-script", 0, literal
    for row, chart in enumerate(catalogue.chart):
        yield "chart", row, chart.repository
    for service in {item.type.rpartition("::")[0] for item in catalogue.cloudformation}:
        yield "cloudformation", 0, f"{service}::"
    for group in {item.type.rpartition("/")[0] for item in catalogue.kubernetes}:
        yield "kubernetes", 0, f"{group}/"
        if group.endswith(".upbound.io"):  # Crossplane's group for namespaced resources
            yield "kubernetes", 0, f"{group.removesuffix('upbound.io')}m.upbound.io/"
    for front in {"/".join(item.type.split("/")[:2]) for item in catalogue.arm}:
        yield "arm-type", 0, front
    for row, item in enumerate(catalogue.bundle):
        for name in item.needs.values if item.needs else (item.type,):
            yield "bundle", row, f"{name.lower()}:"
    for literal in catalogue.bundle_environments:
        yield "bundle-environment", 0, literal
    for literal in _CONSTRUCT_LIBRARIES:
        yield "construct", 0, literal


_CONSTRUCT_LIBRARIES = (
    *("aws-cdk-lib", "@aws-cdk/", "aws_cdk", "software.amazon.awscdk", "Amazon.CDK", "aws-cdk-go"),
    *("@cdktf/provider-", "cdktf_cdktf_provider_", ".gen/providers/", "from imports."),
    *("com.hashicorp.cdktf.providers", "HashiCorp.Cdktf.Providers"),
    *("generative-ai-cdk", "generative_ai_cdk", "@pulumi/", "pulumi/pulumi-", "com.pulumi."),
    *("pinecone_pulumi", "@pinecone-database/pulumi", "pinecone-io/pulumi-pinecone", "type: pinecone:"),
    *("PineconeDatabase.Pinecone", "@datarobot/pulumi-datarobot", "pulumi_qdrant_cloud"),
    *("type: databricks:", "pulumi_mongodbatlas", "pulumi_snowflake", "pulumi_datarobot"),
    *("pulumi_aws", "pulumi_gcp", "pulumi_azure", "pulumi_databricks"),
    *("Pulumi.Aws", "Pulumi.Gcp", "Pulumi.Azure", "type: aws:", "type: gcp:", "type: azure"),
)
_LONG = 6
"""Letters from which a name by itself is rare enough to search for."""
_SPELLINGS = {
    "cargo": ("use {}", "{}::"),
    "gem": ('require "{}', "require '{}"),
    "composer": ("use {}\\",),
    "hex": ("alias {}", "import {}", "use {}", "{}."),
    "pub": ("package:{}/",),
    "swift": ("import {}",),
    "cran": ("library({}", 'library("{}', "require({}", "{}::"),
}
