"""Check the catalogue: no duplicate, and every pattern proved by its examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from connectors.catalogue.code_rows import CiCommand, CiInput, Construct
from connectors.catalogue.evidence_rows import DataRow, OversightRow
from connectors.catalogue.infra_rows import plain_command
from connectors.catalogue.tables import ECOSYSTEMS, Catalogue, canonical
from connectors.kinds import KINDS
from connectors.patterns import compile_pattern, host_pattern


def check(catalogue: Catalogue) -> list[str]:
    """Return every mistake as a sentence, in the order of the tables."""
    return [
        *duplicates(catalogue),
        *_families(catalogue),
        *_places(catalogue),
        *_hosts(catalogue),
        *_mcp(catalogue),
        *_conda(catalogue),
        *_evidence(catalogue),
        *_commands(catalogue),
        *_not_ai(catalogue),
        *_cloud_clients(catalogue),
        *_bases(catalogue),
        *_server_commands(catalogue),
        *_constructs("agent code", catalogue.agent_code, catalogue),
        *_constructs("MCP server code", catalogue.mcp_server_code, catalogue),
    ]


def duplicates(catalogue: Catalogue) -> Iterator[str]:
    """Yield a sentence for each name that a table holds twice."""
    yield from _repeated("provider", (row.name for row in catalogue.provider))
    yield from _repeated("client address", (row.literal for row in catalogue.client_base))
    yield from _repeated("variable of an address", (row.name for row in catalogue.base_variable))
    yield from _repeated("host", (host for row in catalogue.provider for host in row.hosts))
    for ecosystem in ECOSYSTEMS:
        rows = getattr(catalogue, ecosystem)
        yield from _repeated(f"{ecosystem} package", (canonical(ecosystem, row.name) for row in rows))
        # What proves nothing by itself may be shared: two OpenAI clients of Ruby are required as "openai".
        proving = [row for row in rows if not row.needs_manifest]
        yield from _repeated(f"{ecosystem} module", (module for row in proving for module in row.modules))
    yield from _repeated("model family", (row.name for row in catalogue.family))
    yield from _repeated("model stem", (stem for row in catalogue.family for stem in row.stems))
    yield from _repeated("model place", (row.name for row in catalogue.place))
    yield from _repeated("model constant", (row.literal for row in catalogue.model_constant))
    yield from _repeated("retired model", (model for row in catalogue.retirement for model in row.models))
    yield from _repeated("resource type", (row.type for row in catalogue.terraform))
    yield from _repeated("ARM type", (row.type.lower() for row in catalogue.arm))
    for table in ("cloudformation", "kubernetes", "pulumi", "cdk", "bundle", "module"):
        yield from _repeated(f"{table} type", (row.type for row in getattr(catalogue, table)))
    for table in ("image", "server_command", "grant", "chart"):
        yield from _repeated(table, (row.name for row in getattr(catalogue, table)))
    yield from _repeated("grant", (name for row in catalogue.grant for name in (*row.prefixes, *row.names)))
    yield from _repeated("agent file", (row.name for row in catalogue.file))
    yield from _repeated("oversight row", (row.name for row in catalogue.oversight))
    yield from _repeated("data row", (row.name for row in catalogue.data))
    yield from _repeated("format", (row.name for row in catalogue.format))
    yield from _repeated("installer", (row.name for row in catalogue.installer))
    yield from _repeated("CI action", (row.name.lower() for row in catalogue.ci_action))
    yield from _repeated("CI orb", (row.name for row in catalogue.ci_orb))
    yield from _repeated("CI command", (row.name for row in catalogue.ci_command))
    yield from _repeated("CI input", (row.name for row in catalogue.ci_input))
    yield from _repeated("secret", (row.name for row in catalogue.secret))
    yield from _repeated("MCP registrar", (row.name for row in catalogue.mcp_registrar))
    yield from _repeated("agent code", (row.name for row in catalogue.agent_code))
    yield from _repeated("MCP server code", (row.name for row in catalogue.mcp_server_code))


def _repeated(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"the {what} {name!r} is there {count} times"


def _conda(catalogue: Catalogue) -> Iterator[str]:
    for name, target in (*catalogue.conda.items(), *((name, name) for name in catalogue.conda_same)):
        if canonical("pypi", target) not in catalogue.packages["pypi"]:
            yield f"the conda name {name!r} stands for {target!r}, which is no PyPI package of the catalogue"
        if name != name.lower():
            yield f"the conda name {name!r} is not in lower case"


def _proved(
    row: str, finds: Callable[[str], object], example: str, not_example: str, *, suits: bool = True
) -> Iterator[str]:
    """Check a row by its examples; ``suits`` says whether what else it asks for stands in the example."""
    if not suits or not finds(example):
        yield f"{row} does not match its example {example!r}"
    if finds(not_example):
        yield f"{row} matches {not_example!r}, which it must not"


def _not_ai(catalogue: Catalogue) -> Iterator[str]:
    yield from _repeated("not_ai row", (f"{row.kind} {row.name}" for row in catalogue.not_ai))
    for row in catalogue.not_ai:
        if row.kind not in KINDS:
            yield f"not_ai row {row.name!r} is of the kind {row.kind!r}, which does not exist"


def _cloud_clients(catalogue: Catalogue) -> Iterator[str]:
    known = {row.name for row in catalogue.grant}
    clients = (*catalogue.cloud_client.items(), *catalogue.cloud_client_class.items())
    for service, name in clients:
        if name not in known:
            yield f"the cloud client {service!r} stands for {name!r}, which is no grant of the catalogue"


def _families(catalogue: Catalogue) -> Iterator[str]:
    for row in catalogue.family:
        pattern = compile_pattern(row.pattern)
        yield from _proved(f"model family {row.name!r}", pattern.fullmatch, row.example, row.not_example)
        if row.sure and compile_pattern(row.sure).fullmatch(row.not_example):
            yield f"the model family {row.name!r} is sure of {row.not_example!r}"


def _places(catalogue: Catalogue) -> Iterator[str]:
    for row in catalogue.place:
        pattern = compile_pattern(row.pattern)
        found = pattern.search(row.example)
        suits = found is not None and bool(found.group("id")) and row.literal in row.example
        name = f"model place {row.name!r}"
        yield from _proved(name, pattern.search, row.example, row.not_example, suits=suits)


def _hosts(catalogue: Catalogue) -> Iterator[str]:
    patterns = [(host, host_pattern(host)) for row in catalogue.provider for host in row.hosts]
    for host, pattern in patterns:
        example = f'"https://{host.replace("*", "acme")}"'
        if not pattern.search(example):
            yield f"host {host!r} does not match itself in {example}"
        for other in catalogue.not_hosts:
            if pattern.search(f'"https://{other}/"'):
                yield f"host {host!r} matches {other!r}, which it must not"


def _mcp(catalogue: Catalogue) -> Iterator[str]:
    pattern = compile_pattern(catalogue.name_pattern)
    yield from _proved(
        "the MCP name pattern", pattern.search, catalogue.name_example, catalogue.name_not_example
    )


def _constructs(what: str, rows: Iterable[Construct], catalogue: Catalogue) -> Iterator[str]:
    for row in rows:
        pattern = compile_pattern(row.pattern)
        has_need = not row.needs or any(need in row.example for need in row.needs)
        suits = row.literal in row.example and has_need
        name = f"the {what} {row.name!r}"
        yield from _proved(name, pattern.search, row.example, row.not_example, suits=suits)
        if row.language not in catalogue.code_languages:
            yield f"{name} is in no known language: {row.language!r}"


def _commands(catalogue: Catalogue) -> Iterator[str]:
    rows: tuple[CiCommand | CiInput, ...] = (*catalogue.ci_command, *catalogue.ci_input)
    for row in rows:
        pattern = compile_pattern(row.pattern)
        yield from _proved(f"the CI command {row.name!r}", pattern.match, row.example, row.not_example)


def _server_commands(catalogue: Catalogue) -> Iterator[str]:
    for row in catalogue.server_command:
        pattern = compile_pattern(row.pattern)
        examples = (plain_command(row.example), plain_command(row.not_example))
        suits = row.literal in row.example
        yield from _proved(f"the server command {row.name!r}", pattern.search, *examples, suits=suits)


def _evidence(catalogue: Catalogue) -> Iterator[str]:
    """Check the rows of oversight and data: the example must do all that a row asks for."""
    rows: tuple[OversightRow | DataRow, ...] = (*catalogue.oversight, *catalogue.data)
    for row in rows:
        pattern = compile_pattern(row.pattern)
        if not pattern.search(row.example):
            yield f"the row {row.name!r} does not match its example {row.example!r}"
        if not any(literal in row.example for literal in row.literals):
            yield f"no literal of the row {row.name!r} stands in its example {row.example!r}"
        if row.requires and not any(text in row.example for text in row.requires):
            yield f"nothing that the row {row.name!r} requires stands in its example {row.example!r}"
        unless = compile_pattern(row.unless) if isinstance(row, OversightRow) and row.unless else None
        if unless and unless.search(row.example):
            yield f"the row {row.name!r} excludes its own example {row.example!r}"
        if pattern.search(row.not_example) and not (unless and unless.search(row.not_example)):
            yield f"the row {row.name!r} matches {row.not_example!r}, which it must not"


def _bases(catalogue: Catalogue) -> Iterator[str]:
    for row in catalogue.client_base:
        pattern = compile_pattern(row.pattern)
        place = 0 if row.before else row.example.find(row.literal)
        meets = pattern.search if row.before else pattern.match
        found = meets(row.example[max(place, 0) :])
        suits = found is not None and bool(found.group("url")) and place >= 0
        name = f"the client address {row.name!r}"
        yield from _proved(name, meets, row.example[max(place, 0) :], row.not_example, suits=suits)
