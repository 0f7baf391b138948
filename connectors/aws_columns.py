"""Type the columns of an AWS row that hold columns: pages, facts, details, parents, oversight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.aws_paths import Path, Template
from connectors.kinds import kind_of
from connectors.model import RelationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Name the members that page an operation; ``size`` is empty where the page size cannot be chosen."""

    token: str
    next: str
    size: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRule:
    """Say which field names another thing; ``to`` makes a key of a bare id, an ARN stands for itself."""

    relation: RelationKind
    path: Path
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Say what to keep of an answer; :mod:`connectors.aws_findings` applies it."""

    attributes: tuple[tuple[str, Path], ...] = ()
    created: Path | None = None
    model: tuple[Path, ...] = ()
    links: tuple[LinkRule, ...] = ()
    creators: tuple[Path, ...] = ()
    counts: tuple[tuple[str, Path, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One read of a single item; ``params`` are filled from the item and from earlier details of it.

    A parameter that is a list of one holds the filled template as its only element. ``each`` names values
    in an earlier answer; the operation is then asked for the first few of them, as ``{each}``. One that lists
    has a ``page`` and is read to its end; ``result`` is the member that holds the list, of names if ``bare``.
    ``when`` names fields of the item and what they must be for it to be asked at all.
    """

    operation: str
    permission: str
    params: tuple[tuple[str, Template | tuple[Template]], ...]
    root: str
    facts: Facts
    each: Path | None = None
    page: Page | None = None
    result: str = ""
    bare: bool = False
    when: tuple[tuple[str, str], ...] = ()

    def asked(self, item: Mapping[str, Any], place: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the parameters for an item; ``None`` when it lacks one of them or is not one to be read."""
        if any(item.get(name) != value for name, value in self.when):
            return None
        params: dict[str, Any] = {}
        for name, template in self.params:
            one = template[0] if isinstance(template, tuple) else template
            value = one.fill(item, place)
            if value is None:
                return None
            params[name] = [value] if isinstance(template, tuple) else value
        return params


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """Say which row's items are asked for one by one, and with which parameters."""

    operation: str
    params: tuple[tuple[str, Template], ...]

    @property
    def fields(self) -> frozenset[str]:
        """Return the fields of the parent's item that the parameters need."""
        return frozenset(name for _, one in self.params for names in one.fields for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Say which listed thing an item of oversight speaks of, and what it adds to that thing.

    ``parts`` are the listings that may show the thing; ``to`` makes its key of a bare name. ``everything``:
    it speaks of all that they list. ``by_details``: what it says is in what the details answer.
    """

    parts: tuple[str, ...]
    kinds: tuple[str, ...]
    path: Path
    to: str
    attributes: tuple[tuple[str, Path], ...]
    everything: bool = False
    by_details: bool = False

    def subjects(self, item: Mapping[str, Any], place: Mapping[str, str]) -> list[str]:
        """Return the keys of the things that an item speaks of."""
        found = [value for value in self.path.all(item) if isinstance(value, str) and value]
        return [one if one.startswith("arn:") else self.to.format(one, **place) for one in found]


def parent_of(table: dict[str, Any]) -> Parent:
    """Read ``{operation, params}``, or ``{operation, param, field}`` where one field is all it takes."""
    params = table.get("params") or {table["param"]: f"{{{table['field']}}}"}
    return Parent(
        operation=table["operation"],
        params=tuple((name, Template(text)) for name, text in params.items()),
    )


def about_of(table: dict[str, Any], kinds: Mapping[str, str]) -> About:
    """Read what an oversight listing says of another thing; ``kinds`` are the kinds of its parts."""
    return About(
        parts=tuple(table["parts"]),
        kinds=tuple(str(kind_of("aws", kinds[part])) for part in table["parts"]),
        path=Path(table.get("path", "")),
        to=table.get("to", "{}"),
        attributes=tuple((name, Path(path)) for name, path in table["attributes"].items()),
        everything=table.get("everything", False),
        by_details=table.get("by_details", False),
    )


def detail_of(table: dict[str, Any]) -> Detail:
    """Read one detail step."""
    return Detail(
        operation=table["operation"],
        permission=table["permission"],
        params=tuple(
            (name, (Template(text[0]),) if isinstance(text, list) else Template(text))
            for name, text in table["params"].items()
        ),
        root=table.get("root", ""),
        facts=facts_of(table),
        each=Path(table["each"]) if "each" in table else None,
        page=Page(**table["page"]) if "page" in table else None,
        result=table.get("result", ""),
        bare=table.get("bare", False),
        when=tuple(table.get("when", {}).items()),
    )


def facts_of(table: dict[str, Any]) -> Facts:
    """Read what is kept of an item."""
    return Facts(
        attributes=tuple((name, Path(path)) for name, path in table.get("attributes", {}).items()),
        created=Path(table["created"]) if "created" in table else None,
        model=tuple(Path(path) for path in table.get("model", ())),
        links=tuple(
            LinkRule(relation=RelationKind(rule["relation"]), path=Path(rule["path"]), to=rule["to"])
            for rule in table.get("links", ())
        ),
        creators=tuple(Path(path) for path in table.get("creators", ())),
        counts=tuple(
            (name, Path(text.partition("=")[0]), text.partition("=")[2])
            for name, text in table.get("counts", {}).items()
        ),
    )
