"""Say which assets serve one purpose: the first grouping of assets into candidate systems.

The group of an asset is a pure function of its fold, so that one changed asset never makes us look at
the others. The strongest reason that applies decides:

1. an explicit tag ``ai-system`` (any spelling of it) in one account or repository,
2. the same unit of a repository,
3. the same account and application (the vendor's own project, or an application tag),
4. a thing that can stand alone is a system by itself,
5. what is left is gathered per provider and account.

Tag values that name nothing ("true", "prod"), or for applications no more than a sort of thing ("api"), count
as none. What joins groups to systems beyond one account or repository is said in :mod:`normalizer.linking`.
A key's text holds all that is needed to explain it (:func:`explain`), so a store keeps only that text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from connectors.kinds import KINDS
from normalizer.link_words import home_of, is_common, is_placeholder

_SYSTEM_TAG = "aisystem"
_APPLICATION_TAGS = (
    "application",
    "app",
    "appname",
    "applicationname",
    "awscloudformationstackname",
    "service",
)
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_SPACES = re.compile(r"[\s_\-]+")


class Groupable(Protocol):
    """What of an asset's fold decides its group."""

    @property
    def kind(self) -> str:
        """Return the kind."""

    @property
    def natural_namespace(self) -> str:
        """Return the namespace of its identity."""

    @property
    def natural_id(self) -> str:
        """Return the id inside the namespace."""

    @property
    def account(self) -> str | None:
        """Return where it lives."""

    @property
    def application(self) -> str | None:
        """Return the vendor's own grouping."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Return the tags on it."""


@dataclass(frozen=True, slots=True)
class GroupKey:
    """Why assets belong together: ``strength`` is 0 to 1, ``must`` holds against a person's freeze.

    ``label`` is the best name that the key alone gives (empty: the members must give it).
    """

    key: str
    why: str
    strength: float
    must: bool
    label: str


def group_key(asset: Groupable) -> str:
    """Return the text of the group an asset belongs to."""
    return group_of(
        asset.kind, asset.natural_namespace, asset.natural_id, asset.account, asset.application, asset.tags
    )


def group_of(
    kind: str,
    namespace: str,
    natural_id: str,
    account: str | None,
    application: str | None,
    tags: Mapping[str, str],
) -> str:
    """Return the text of the group as :func:`group_key` does, from single values."""
    told, called = _spelt(tuple(tags)) if tags else ("", ())
    tag = tags[told] if told else ""
    if tag and not is_placeholder(tag):
        return _key("tag", authority(namespace), account or "", _SPACES.sub("-", tag.strip()).casefold())
    if is_code(namespace):
        return _key("unit", namespace, application or "")
    application = application or next((tags[one] for one in called if tags[one].strip()), "")
    if application and not is_common(application):
        return _key("app", authority(namespace), account or "", application)
    if KINDS[kind].stands_alone:
        return alone(namespace, natural_id)
    return _key("rest", authority(namespace), account or "")


def alone(namespace: str, natural_id: str) -> str:
    """Return the text of the group of a thing that stands alone."""
    return _key("one", namespace, natural_id)


@lru_cache(maxsize=4096)
def explain(key: str) -> GroupKey:
    """Read a key's text back into reason, strength and name."""
    basis, _, rest = key.partition(":")
    first, _, last = rest.partition("|")
    if basis == "tag":
        value = last.partition("|")[2]
        return GroupKey(key, f"the tag ai-system is {value!r}", 1.0, True, value)
    if basis == "unit":
        return GroupKey(
            key, f"in the same unit of a repository: {last or 'its root'}", 0.85, False, _unit_name(last)
        )
    if basis == "app":
        account, _, application = last.partition("|")
        why = f"the same application {application!r} in account {account or 'unknown'!r}"
        return GroupKey(key, why, 0.85, False, _tail(application))
    if basis == "split":
        return GroupKey(key, "a person split it off", 1.0, True, "")
    if basis == "manual":
        return GroupKey(key, "a person added it", 1.0, True, "")
    if basis == "one":
        return GroupKey(key, "stands alone", 1.0, False, "")
    if basis == "said":
        return GroupKey(key, "a person entered it; no scan shows it", 1.0, True, "")
    return GroupKey(
        key, f"left over in {first} account {last or 'unknown'}", 0.2, False, f"{first} {last} (other)"
    )


def application_of(key: str) -> str | None:
    """Return the vendor's application id or name that a key is about, if it is about one."""
    return key.split("|", 2)[2] if key.startswith("app:") and key.count("|") >= 2 else None


CONTAINERS = frozenset({"ai_project", "application", "ai_account", "workspace", "agent", "workflow"})
"""Kinds that contain other things at the vendor: one whose id is a group's application names the system."""


def system_name(key: str, *, container: str = "", member: str = "", scope: str = "") -> str:
    """Name the system of a group: the vendor's container, the one member, its own label, the repository.

    ``member`` is the first name of its members, ``scope`` the label of the scope that shows them.
    """
    if container:
        return container
    if key.startswith("one:"):
        return member or key
    label = explain(key).label
    if not label and key.startswith("unit:"):
        label = scope.rstrip("/").removesuffix(".git").rpartition("/")[2]
    return label or key


def authority(namespace: str) -> str:
    """Return who issues the ids of a namespace: its first segment."""
    return namespace.partition("/")[0]


def is_code(namespace: str) -> bool:
    """Say whether a namespace is a repository."""
    return authority(namespace) == "code"


# What members say about the kind of a system (governance record, ``kind``), strongest first.
_SYSTEM_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("agent", ("agent",)),
    ("saas_tool", ("saas_app",)),
    ("application", ("application", "ai_project", "package", "provider_endpoint")),
    ("pipeline", ("workflow", "training_job", "experiment", "evaluation", "ci_step", "inference_job")),
    (
        "model_service",
        ("model_endpoint", "model_server", "gateway", "model", "model_file", "ai_account", "ai_service"),
    ),
    ("developer_tool", ("agent_config", "mcp_server", "tool", "prompt", "notebook")),
    ("saas_tool", ("subscription",)),
)


SHARED = "shared_service"
"""The kind of a system that others use and that is none of theirs."""
SPLIT = "split:"
"""How the group key begins of what a person split off a group."""
MANUAL = "manual:"
"""How the group key of a system begins that no scanner can see."""


def best_key(keys: Iterable[str]) -> str:
    """Return the group key that tells most of a system made of several groups: it names it.

    What people say, then the folder or repository of its code, then the vendor's grouping. Several parts of
    one application in a repository are called after the folder that holds them.
    """
    ranked = sorted(keys, key=lambda key: (_TELLING.index(basis(key)), len(key), key))
    best = ranked[0]
    if basis(best) != "unit":
        return best
    front, _, path = best.partition("|")
    home = home_of(path)
    parts = [key for key in ranked if key.startswith(f"{front}|") and home_of(key.partition("|")[2]) == home]
    return f"{front}|{home}" if len(parts) > 1 else best


def basis(key: str) -> str:
    """Return what a group key is about: tag, unit, app, one, rest; anything else counts as the last."""
    found = key.partition(":")[0]
    return found if found in _TELLING else _TELLING[-1]


_TELLING = ("manual", "split", "tag", "unit", "app", "one", "rest")


def system_kind(key: str, member_kinds: Iterable[str]) -> str:
    """Guess what kind of system its members make; ``shared_service`` when they only support others."""
    found = set() if key.startswith("rest:") else set(member_kinds)
    for system, kinds in _SYSTEM_KINDS:
        if not found.isdisjoint(kinds):
            return system
    return SHARED


@lru_cache(maxsize=4096)
def _key(basis: str, *parts: str) -> str:
    *heads, last = parts
    return f"{basis}:{''.join(head.replace('|', '%7C') + '|' for head in heads)}{last}"


# Folders that say where or what part something is, not which; their parent's name is needed to tell.
_PLACES = frozenset(
    {
        *("api", "app", "backend", "client", "frontend", "main", "server", "service", "src", "web", "worker"),
        *("aws", "azure", "gcp", "google", "deploy", "deployment", "iac", "infra", "infrastructure"),
        *("dev", "prod", "production", "stage", "staging", "terraform", "test"),
    }
)


def _unit_name(path: str) -> str:
    tail = _tail(path)
    parent = _tail(path.strip("/").rpartition("/")[0])
    return f"{parent}/{tail}" if parent and tail.lower() in _PLACES else tail


def _tail(path: str) -> str:
    return path.strip("/").rpartition("/")[2] if path.strip("./") else ""


@lru_cache(maxsize=4096)
def _plain(tag: str) -> str:
    # An estate has few tag names and very many tags.
    return _NOT_WORD.sub("", tag.casefold())


@lru_cache(maxsize=4096)
def _spelt(keys: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return which tag key names the system ("": none), and which name the application."""
    return next(iter(_keys_named(keys, (_SYSTEM_TAG,))), ""), _keys_named(keys, _APPLICATION_TAGS)


def _keys_named(keys: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tag keys that spell one of the names, in the order of the names; of several the last."""
    plain = {name: key for key in sorted(keys) if (name := _plain(key)) in names}
    return tuple(plain[name] for name in names if name in plain)
