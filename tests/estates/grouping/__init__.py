"""Read the labelled estate of this folder: which assets are truly one system, written by hand.

The files are read in order of their names. A line says one thing (words are split as in a shell)::

    entity NAME PATTERN...             a legal entity: its accounts, repositories and tenants
    account ID NAME                    what an account is called
    where NAME SOURCE ACCOUNT[/REGION] a place that assets are said to be in
    case NAME                          what the systems below are a case of
    system NAME [owner=WHO]            a system; the indented lines below are its assets
      code REPOSITORY[@UNIT] [id=HOST-ID] [was=ADDRESS] KIND THING [NAME=VALUE ...]
      img REFERENCE [source=URL] [digest=D]
      PLACE KIND ID [NAME] [NAME=VALUE ...]
    codeowners REPOSITORY[@UNIT] WHO   whom the file CODEOWNERS names
    same WHO WHO                       two spellings of one person or team

``tag.X=V`` is a tag, ``app=`` the vendor's grouping, ``model=`` the model, ``owner=`` an owner hint; a name
of a relation (``calls=``, ``served_by=``) points to the id of another asset; all else is an attribute.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from connectors.model import Evidence, Finding, Grade, Link, NaturalKey, OwnerHint, RelationKind
from normalizer import grouping, link_nodes
from normalizer.link_facts import Fact
from normalizer.link_nodes import Node, Origin
from normalizer.link_uses import Related

FOLDER = Path(__file__).parent
_RELATIONS = {kind.value for kind in RelationKind}
_KIND_OF_TERRAFORM = {"aws": "aws", "google": "google", "azurerm": "azure", "konnect": "kong"}


@dataclass(slots=True)
class Thing:
    """One asset of the estate, with the system that it truly belongs to."""

    system: str
    fact: Fact
    links: list[tuple[str, str]] = field(default_factory=list)
    hints: list[OwnerHint] = field(default_factory=list)
    source: str = ""
    addresses: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    application: str | None = None


@dataclass(slots=True)
class Estate:
    """The whole estate: things, the case and the owner of each system, entities and account names."""

    things: list[Thing] = field(default_factory=list)
    cases: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    entities: dict[str, list[str]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)

    def entity_of(self, account: str) -> str:
        """Return the legal entity of an account, repository or tenant."""
        for entity, patterns in self.entities.items():
            if any(fnmatchcase(account, pattern) for pattern in patterns):
                return entity
        return ""

    def nodes(self) -> dict[str, Node]:
        """Return the groups of the things."""
        found: dict[str, Node] = {}
        for thing in self.things:
            fact = thing.fact
            node = found.setdefault(fact.node, link_nodes.start(fact.node))
            link_nodes.add(node, fact.kind, fact.name, fact.account)
            link_nodes.note_tag(node, fact)
            places = (fact.account, *thing.addresses)
            node.entity = node.entity or next(filter(None, map(self.entity_of, places)), "")
            node.account_name = self.accounts.get(node.account, "")
        return found

    def origins(self) -> dict[str, Origin]:
        """Return what is known of the repositories of the groups."""
        found: dict[str, Origin] = {}
        for thing in self.things:
            known = found.get(thing.fact.node, Origin())
            found[thing.fact.node] = Origin(
                addresses=known.addresses or thing.addresses,
                earlier=known.earlier or thing.earlier,
                fork_of=known.fork_of or str(thing.fact.attributes.get("fork_of", "")),
                fork_by=known.fork_by or str(thing.fact.attributes.get("fork_by", "")),
            )
        return found

    def related(self) -> list[Related]:
        """Return the relations whose target is in the estate; short ids are of the same account."""
        by_id: dict[str, list[Thing]] = {}
        for thing in self.things:
            by_id.setdefault(thing.fact.natural_id.casefold(), []).append(thing)
        found = []
        for thing in self.things:
            for relation, target in thing.links:
                for other in _target(thing, target, by_id):
                    found.append(_related(relation, thing.fact, other.fact))
        return found

    def findings(self) -> dict[str, list[Finding]]:
        """Return the things as scans would show them, by the place that a scan reads."""
        found: dict[str, list[Finding]] = {}
        links: dict[str, list[Link]] = {}
        by_id = {thing.fact.asset_id: thing.fact for thing in self.things}
        for one in self.related():
            right = by_id[one.right_asset]
            target = NaturalKey(namespace=right.namespace, key=right.natural_id)
            link = Link(relation=RelationKind(one.relation), target=target)
            links.setdefault(one.left_asset, []).append(link)
        for thing in self.things:
            fact = thing.fact
            place = f"{thing.source}|{fact.account}|{fact.region}"
            found.setdefault(place, []).append(_finding(thing, tuple(links.get(fact.asset_id, ()))))
        return found


_SEEN_AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def _finding(thing: Thing, links: tuple[Link, ...]) -> Finding:
    fact = thing.fact
    aliases = [f"code/{one}" for one in (*thing.earlier, *thing.addresses) if f"code/{one}" != fact.namespace]
    return Finding(
        kind=fact.kind,
        provider=fact.provider,
        natural_key=NaturalKey(namespace=fact.namespace, key=fact.natural_id),
        name=fact.name,
        evidence=(Evidence(source="estate", locator=fact.natural_id, observed_at=_SEEN_AT),),
        grade=Grade.LIVE,
        aliases=tuple(NaturalKey(namespace=one, key=fact.natural_id) for one in aliases),
        account=fact.account,
        region=fact.region or None,
        application=thing.application,
        model=fact.model or None,
        attributes=fact.attributes,
        tags=fact.tags,
        owner_hints=tuple(hint for hint in thing.hints if hint.source == "creator"),
        links=tuple(dict.fromkeys(links)),
    )


def load(folder: Path = FOLDER, only: Collection[str] = ()) -> Estate:
    """Read the files of the folder (``only``: these); raises ``ValueError`` with file and line."""
    estate = Estate()
    for path in sorted(folder.glob("*.txt")):
        if only and path.name not in only:
            continue
        state = _State(estate)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            words = shlex.split(line, comments=True)
            if not words:
                continue
            try:
                state.take(words, is_asset=line[0].isspace())
            except (ValueError, KeyError, IndexError) as error:
                raise ValueError(f"{path.name}:{number}: {line.strip()!r}: {error}") from error
    return estate


@dataclass(slots=True)
class _State:
    estate: Estate
    case: str = ""
    system: str = ""

    def take(self, words: list[str], *, is_asset: bool) -> None:
        estate, (word, *rest) = self.estate, words
        if is_asset:
            thing = _thing(estate, self.system, words, len(estate.things))
            estate.things.append(thing)
        elif word == "entity":
            estate.entities[rest[0]] = rest[1:]
        elif word == "account":
            estate.accounts[rest[0]] = rest[1]
        elif word == "where":
            source, (account, _, region) = rest[1], rest[2].partition("/")
            if source == "saas":  # the vendor, and its tenant
                source, account, region = account, region, ""
            estate.places[rest[0]] = (source, account, region)
        elif word == "same":
            estate.same[rest[0]] = rest[1]
        elif word == "codeowners":
            _name_owner(estate, *rest)
        elif word == "case":
            self.case = rest[0]
        elif word == "system":
            self.system = rest[0]
            if self.system in estate.cases:
                raise ValueError("a second system of that name")
            estate.cases[self.system] = self.case
            estate.owners[self.system] = dict(_pairs(rest[1:])).get("owner", "")
        else:
            raise ValueError("not a line of the estate")


def _name_owner(estate: Estate, place: str, who: str) -> None:
    """Let all code of a repository or unit name an owner; raises when there is none."""
    repository, _, unit = place.partition("@")
    address = (repository if "." in repository.partition("/")[0] else f"github.com/{repository}").lower()
    hint = OwnerHint(candidate=who, source="CODEOWNERS", confidence=0.75, why="CODEOWNERS names them")
    named = [
        thing
        for thing in estate.things
        if address in thing.addresses and (not unit or thing.fact.natural_id.startswith(f"{unit}|"))
    ]
    if not named:
        raise ValueError("no code of that place")
    for thing in named:
        thing.hints.append(hint)


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (word.partition("=") for word in words if "=" in word)]


def _thing(estate: Estate, system: str, words: list[str], number: int) -> Thing:
    where, *rest = words
    plain = [word for word in rest if "=" not in word]
    pairs = _pairs([word for word in rest if word not in plain])
    if where == "code":
        made = _code(plain, dict(pairs))
    elif where == "img":
        made = _image(plain[0])
    else:
        made = _listed(estate.places[where], plain)
    return _told(made, system, pairs, number, where if where in ("code", "img") else estate.places[where][0])


def _told(made: dict[str, Any], system: str, pairs: list[tuple[str, str]], number: int, source: str) -> Thing:
    attributes: dict[str, Any] = made.pop("attributes", {})
    tags: dict[str, str] = {}
    links: list[tuple[str, str]] = []
    application, model, owner = made.pop("application", None), made.pop("model", ""), ""
    for name, value in pairs:
        if name.startswith("tag."):
            tags[name[4:]] = value
        elif name in _RELATIONS:
            links.append((name, value))
        elif name == "app":
            application = value
        elif name == "model":
            model = value
        elif name == "owner":
            owner = value
        elif name == "source":
            attributes["source_repository"] = value
        elif name == "fork_of":
            attributes[name] = value if "/" in value else f"github.com/{value}"
        elif name == "personal":
            attributes["fork_by"] = "person"
        elif name not in ("id", "was"):
            attributes[name] = value
    hints = _hints(owner, tags)
    group = grouping.group_of(
        made["kind"], made["namespace"], made["natural_id"], made["account"], application, tags
    )
    addresses, earlier = made.pop("addresses", ()), made.pop("earlier", ())
    fact = Fact(
        asset_id=f"a{number:05}",
        group_key=group,
        attributes=attributes,
        tags=tags,
        model=model,
        owner=hints[0].candidate if hints else "",
        **made,
    )
    return Thing(system, fact, links, hints, source, addresses, earlier, application)


def _hints(owner: str, tags: dict[str, str]) -> list[OwnerHint]:
    from normalizer.owners import hints_from_tags

    said = [OwnerHint(candidate=owner, source="creator", confidence=0.7, why="made it")] if owner else []
    return said + hints_from_tags(tags)


def _code(plain: list[str], pairs: dict[str, str]) -> dict[str, Any]:
    place, kind, thing = plain[0], plain[1], " ".join(plain[2:])
    repository, _, unit = place.partition("@")
    address = repository if "." in repository.partition("/")[0] else f"github.com/{repository}"
    address = address.lower()
    own = f"github.com/{pairs['id']}" if "id" in pairs else address
    provider, attributes = "code", {}
    if thing.startswith(("tf:", "bicep:", "cfn:", "state/")):
        thing = thing.removeprefix("tf:").removeprefix("bicep:").removeprefix("cfn:").removeprefix("state/")
        attributes["resource_type"] = thing.partition(".")[0]
        head = thing.partition("_")[0]
        provider = _KIND_OF_TERRAFORM.get(head, "azure" if head.startswith("Microsoft") else "aws")
    unit = unit or "."
    return {
        "kind": kind,
        "provider": provider,
        "namespace": f"code/{own}",
        "natural_id": f"{unit}|{kind}|{thing}",
        "name": thing,
        "account": own,
        "application": unit,
        "attributes": attributes,
        "addresses": (address,),
        "earlier": (pairs["was"].lower(),) if "was" in pairs else (),
    }


def _image(reference: str) -> dict[str, Any]:
    return {
        "kind": "container_image",
        "provider": "oci",
        "namespace": f"image/{reference}",
        "natural_id": reference.partition("/")[2],
        "name": reference.partition("/")[2],
        "account": reference,
        "application": reference.partition("/")[2],
    }


def _listed(place: tuple[str, str, str], plain: list[str]) -> dict[str, Any]:
    source, account, region = place
    kind, what, *name = plain
    if source == "aws":
        service, _, resource = what.partition(":")
        what = f"arn:aws:{service}:{region}:{account}:{resource}"
        namespace = "aws/arn"
    elif source == "azure":
        what = f"/subscriptions/{account}/resourcegroups/{region}/providers/{what}".lower()
        namespace = "azure/arm"
    else:
        namespace = f"{source}/{account}/{kind}"
    return {
        "kind": kind,
        "provider": source,
        "namespace": namespace,
        "natural_id": what,
        "name": name[0] if name else what.rpartition("/")[2],
        "account": account,
        "region": region,
    }


def _target(thing: Thing, target: str, by_id: dict[str, list[Thing]]) -> list[Thing]:
    fact = thing.fact
    spelt = [target]
    if fact.namespace == "aws/arn":
        service, _, resource = target.partition(":")
        head = fact.natural_id.split(":")
        spelt.append(f"arn:aws:{service}:{head[3]}:{head[4]}:{resource}")
    if fact.namespace == "azure/arm":
        spelt.append(f"{fact.natural_id.partition('/providers/')[0]}/providers/{target}")
    for one in spelt:
        if found := by_id.get(one.casefold()):
            return found
    ends = [key for key in by_id if key.endswith((f":{target}".casefold(), f"/{target}".casefold()))]
    tail = target.partition(":")[2]
    ends += [key for key in by_id if tail and key.endswith(f":{tail}".casefold())]
    return by_id[ends[0]] if ends else []


def _related(relation: str, left: Fact, right: Fact) -> Related:
    return Related(
        relation=relation,
        left_node=left.node,
        right_node=right.node,
        left_asset=left.asset_id,
        right_asset=right.asset_id,
        left_id=left.natural_id,
        right_id=right.natural_id,
        left_name=left.name,
        right_name=right.name,
    )


__all__ = ["Estate", "Thing", "load"]
