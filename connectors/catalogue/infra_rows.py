"""The catalogue's rows about infrastructure: resource types, images, commands, permissions and charts.

Plain data classes like those of :mod:`connectors.catalogue.tables`, and the names that code gives to types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NewType

Kind = NewType("Kind", str)
"""A kind of :mod:`connectors.kinds`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A literal argument that a resource type must have to be about AI."""

    argument: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """An infrastructure resource type and the kind of asset it declares."""

    type: str
    kind: Kind
    provider: str
    needs: Need | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A container image by its repository; ``literals``: searched for instead of the name itself.

    ``not_tags``: patterns of tags under which the repository holds something else (a client, a builder).
    ``is_rebuilt``: the name is the server's own, and stands in the last part of anybody's repository for an
    image built of it, alone or among words that only say how it was built (``build_word`` of the catalogue).
    """

    name: str
    kind: Kind
    provider: str
    title: str
    literals: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    is_rebuilt: bool = False

    @property
    def searched(self) -> tuple[str, ...]:
        """Return what the byte search looks for."""
        return self.literals or (max(self.name.split("*"), key=len),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCommand:
    """A command line that starts a model server or AI tool."""

    name: str
    kind: Kind
    provider: str
    title: str
    literal: str
    pattern: str
    example: str
    not_example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Permissions to call an AI service: beginnings of actions or roles, and names matched whole."""

    name: str
    kind: Kind
    provider: str
    title: str
    prefixes: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A repository of Helm charts; ``chart``: only with a chart of that name near by."""

    name: str
    repository: str
    kind: Kind
    provider: str
    title: str
    chart: str = ""


def plain_command(text: str) -> str:
    """Return a command line with the brackets, quotes and commas of a list made blanks."""
    return re.sub(r"[\s\[\]\"',]+", " ", text)


def construct_names(
    cloudformation: Iterable[ResourceType],
    pulumi: Iterable[ResourceType],
    cdk: Iterable[ResourceType],
    terraform: Iterable[ResourceType],
) -> Mapping[str, ResourceType]:
    """Return the rows by the full names that code gives them, as :func:`plain_path` spells them."""
    found: dict[str, ResourceType] = {}
    for row in cloudformation:
        _, service, name = row.type.split("::")
        for front in _cdk_modules(service.lower()):
            found[f"{front}.cfn{name.lower()}"] = row
        found[f"pulumi.awsnative.{service.lower()}.{name.lower()}"] = row
    for row in pulumi:
        package, module, name = row.type.lower().replace("-", "").split(":")
        found[".".join(part for part in ("pulumi", package, module, name) if part != "index")] = row
    for row in cdk:
        package, _, name = row.type.partition(":")
        for front in _construct_modules(package):
            found[f"{front}.{plain_path(name)}"] = row
    for row in terraform:
        provider, _, name = row.type.replace("-", "").partition("_")
        name = name.replace("_", "")
        # Some bindings repeat the provider in the class; that of Google's beta always does.
        for front, last in (
            (provider, name),
            (provider, provider + name),
            (f"{provider}beta", provider + name),
        ):
            found[f"cdktf.{front}.{last}"] = row
    return found


def plain_path(path: str) -> str:
    """Return a module path in one spelling for all languages: lower case, dots, no ``-``, ``_`` and ``@``.

    Source: the package names of AWS CDK (npm, PyPI, Maven, NuGet, Go), Pulumi and CDK for Terraform (prebuilt
    providers, and bindings generated below ``.gen`` or ``imports``), from their documentation.
    """
    plain = path.replace("/", ".").lower()
    for pattern, wanted in _SPELLINGS:
        plain = pattern.sub(wanted, plain)
    return re.sub(r"[-_@]", "", plain)


_SPELLINGS = (
    (re.compile(r"^github\.com\.aws\.aws-cdk-go\.awscdk(?:\.v\d+)?"), "awscdk"),
    (re.compile(r"^github\.com\.cdklabs\.([\w-]+)-go\.[\w-]+(?:\.v\d+)?"), r"cdklabs.\1"),
    (re.compile(r"^github\.com\.pulumi\.pulumi-azure-native-sdk(\.\w+)(?:\.v\d+)?"), r"pulumi.azurenative\1"),
    (re.compile(r"^github\.com\.pulumi\.pulumi-([\w-]+)\.sdk(?:\.v\d+)?\.go\.[\w-]+"), r"pulumi.\1"),
    # Packages of the providers themselves, from the pages of Pulumi's registry.
    (re.compile(r"^github\.com\.[\w-]+\.pulumi-([\w-]+)\.sdk(?:\.v\d+)?\.go\.[\w-]+"), r"pulumi.\1"),
    (
        re.compile(r"^(?:@pinecone-database\.pulumi|pinecone_pulumi|pineconedatabase\.pinecone)\b"),
        "pulumi.pinecone",
    ),
    (re.compile(r"^(?:@datarobot\.pulumi-datarobot|datarobotpulumi\.datarobot)\b"), "pulumi.datarobot"),
    (re.compile(r"^com\.pulumi\."), "pulumi."),
    (re.compile(r"^pulumi_"), "pulumi."),
    (re.compile(r"^io\.github\.cdklabs\."), "cdklabs."),
    (
        re.compile(
            r"^(?:@cdktf\.provider-|cdktf_cdktf_provider_|\.*gen\.providers\.|imports\."
            r"|(?:com\.)?hashicorp\.cdktf\.providers\.)([a-z]+(?:[-_]beta)?)\.(?:[\w-]+\.){0,4}?(\w+)$"
        ),
        r"cdktf.\1.\2",
    ),
    # A file inside the package instead of what the package exports: .../lib/cdk-lib/bedrock/agents/agent
    (re.compile(r"^@?cdklabs\.([\w-]+)\.lib\.cdk-lib\.([\w-]+)(?:\.[\w.-]+)?\.(\w+)$"), r"cdklabs.\1.\2.\3"),
)


def _cdk_modules(service: str) -> tuple[str, ...]:
    return (
        f"awscdklib.aws{service}",
        f"awscdk.aws{service}",
        f"software.amazon.awscdk.services.{service}",
        f"amazon.cdk.aws.{service}",
    )


def _construct_modules(package: str) -> Iterator[str]:
    known = re.fullmatch(r"(?:aws-cdk-lib|@aws-cdk)/aws-(.+?)(-alpha)?", package)
    if known is None:
        yield plain_path(package)
        return
    service = known.group(1).replace("-", "")
    if not known.group(2):
        yield from _cdk_modules(service)
        return
    yield f"awscdk.aws{service}alpha"
    yield f"software.amazon.awscdk.services.{service}.alpha"
    yield f"amazon.cdk.aws.{service}.alpha"
