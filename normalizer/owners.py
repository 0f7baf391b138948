"""Weigh who may answer for a system, from what its assets show; never decide it.

Weights are those of a starting proposal (tags, service catalogues, CODEOWNERS, creators, ...), to be
calibrated on what people accept and decline. Per candidate ``p = 1 - prod(1 - w * f)`` over independent
kinds of evidence: a kind counts once however many assets repeat it, and ``f`` falls from 1 to 0.5 as the
assets that show the kind disagree. Automation principals (bots, roles, pipelines) are never candidates.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from connectors.model import OwnerHint


@dataclass(frozen=True, slots=True)
class OwnerCandidate:
    """A party that evidence points to; ``reasons`` strongest first, ``confidence`` 0 to 1."""

    party: str
    confidence: float
    reasons: tuple[str, ...]
    is_team: bool = False


@dataclass(frozen=True, slots=True)
class _Weight:
    family: str
    weight: float
    words: tuple[str, ...]


# ``words`` are looked for in the hint's source. Creation, commits and blame are one family: they tell of
# one act seen from several sides. The first row that matches counts.
MAPPED = "mapped"
"""Begins the source of a hint whose value a person said the meaning of."""
_WEIGHTS = (
    _Weight("mapped", 0.90, (MAPPED,)),
    _Weight("declared", 0.99, ("declared", "ownerfile", "aisystemyaml")),
    _Weight("directory", 0.95, ("sponsor",)),
    _Weight("directory", 0.80, ("appowner", "registrationowner")),
    _Weight("catalogue", 0.85, ("backstage", "servicecatalog", "cmdb")),
    _Weight("codeowners", 0.75, ("codeowners", "ownersapprover")),
    _Weight("codeowners", 0.40, ("ownersreviewer",)),
    _Weight(
        "creator", 0.70, ("keycreator", "keyowner", "projectowner", "workspaceowner", "creator", "createdby")
    ),
    _Weight("act", 0.65, ("cloudtrail", "auditlog", "createevent")),
    _Weight("act", 0.55, ("blame", "committer", "maintainer", "author")),
    _Weight("repository", 0.50, ("repoadmin", "teamadmin", "repositoryteam")),
    _Weight("consent", 0.50, ("consent", "grantor", "oauth")),
    _Weight("group", 0.45, ("groupowner", "appassignment")),
    _Weight("cost", 0.40, ("costcent", "billing")),
    _Weight("tag", 0.90, ("tag", "label")),
    _Weight("caller", 0.30, ("caller", "usage")),
    _Weight("naming", 0.20, ("naming", "convention")),
    _Weight("account", 0.15, ("accountcontact", "accountemail")),
)
_UNKNOWN = _Weight("other", 0.30, ())
_UNRESOLVED_TAG = 0.30
"""A tag's value that is neither an address, a handle nor a known party."""

_OWNER_TAGS = (
    "owner",
    "owneremail",
    "owners",
    "team",
    "ownerteam",
    "teamemail",
    "contact",
    "contactemail",
    "technicalowner",
    "businessowner",
    "serviceowner",
    "responsible",
    "maintainer",
)
_COST_TAGS = ("costcenter", "costcentre")

_AUTOMATION = re.compile(
    r"\[bot\]|\b(?:dependabot|renovate|github-actions|gitlab-ci|jenkins|terraform|pulumi|cloudformation|"
    r"no-?reply|automation|svc|service[-_ ]?account|serviceaccount|ci|cd|root|system|unknown|none|n/a|tbd)\b"
    r"|(?:^|[-_.])bots?(?:$|[-_.@])|:(?:assumed-)?role/|gserviceaccount\.com|^arn:aws[\w-]*:sts:",
    re.IGNORECASE,
)
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_HANDLE = re.compile(r"^@[\w.-]+(?:/[\w.-]+)*$")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_SPLIT = re.compile(r"\s*[,;]\s*|\s+(?=\S*@)")


def hints_from_tags(tags: Mapping[str, str]) -> list[OwnerHint]:
    """Return the owner hints in an asset's tags (owner, team, contact, cost centre), any spelling."""
    return [
        OwnerHint(
            candidate=tags[key],
            source=f"{family}:{key}",
            confidence=0.90 if family == "tag" else 0.40,
            why=f"tag {key}={tags[key]}",
        )
        for key in sorted(tags)
        if (family := _tag_family(key))
    ]


@lru_cache(maxsize=4096)
def _tag_family(key: str) -> str:
    # An estate has few tag names and very many tags.
    plain = _NOT_WORD.sub("", key.casefold())
    if plain in _OWNER_TAGS:
        return "tag"
    return "costcentre" if plain in _COST_TAGS else ""


@lru_cache(maxsize=4096)
def normal_party(candidate: str) -> str:
    """Return the one spelling of a candidate: addresses and handles in lower case, no ``mailto:``."""
    text = candidate.strip().removeprefix("mailto:").strip("<>\"' ")
    return text.casefold() if _MAIL.match(text) or _HANDLE.match(text) else " ".join(text.split())


@lru_cache(maxsize=4096)
def is_automation(candidate: str) -> bool:
    """Say whether a candidate is a bot, role, pipeline or placeholder: nobody who can answer."""
    return not candidate.strip() or _AUTOMATION.search(candidate) is not None


@lru_cache(maxsize=4096)
def is_team(candidate: str) -> bool:
    """Say whether a candidate reads as a team: ``@org/team``, or a name with the word team or group."""
    if _HANDLE.match(candidate):
        return "/" in candidate
    plain = candidate.replace("-", " ").replace("_", " ")
    return re.search(r"\b(?:team|group|squad|guild|dept|department)\b", plain, re.IGNORECASE) is not None


def combine(
    hints: Iterable[tuple[str, OwnerHint]],
    *,
    known: Collection[str] = (),
    declined: Collection[str] = (),
) -> list[OwnerCandidate]:
    """Weigh ``(asset id, hint)`` pairs into candidates, most confident first, then by name.

    ``known`` are active parties in :func:`normal_party` spelling; ``declined`` are left out.
    """
    by_asset: dict[str, list[OwnerHint]] = defaultdict(list)
    for asset_id, hint in hints:
        by_asset[asset_id].append(hint)
    return combine_counted(((several, 1) for several in by_asset.values()), known=known, declined=declined)


def combine_counted(
    shown: Iterable[tuple[Iterable[OwnerHint], int]],
    *,
    known: Collection[str] = (),
    declined: Collection[str] = (),
    trust: Mapping[str, float] = MappingProxyType({}),
) -> list[OwnerCandidate]:
    """Weigh as :func:`combine` does, given the hints of one asset and how many assets show just those.

    ``trust`` scales kinds of evidence by what decisions said of them (:func:`trust_of`).
    """
    votes: dict[str, dict[str, _Votes]] = defaultdict(lambda: defaultdict(_Votes))
    voters: Counter[str] = Counter()
    for hints, assets in shown:
        best = _votes_of_one(hints, known, declined)
        for family in {family for _, family in best}:
            voters[family] += assets
        for (name, family), vote in best.items():
            votes[name][family].add(vote, assets)
    found = [_candidate(name, families, voters, trust) for name, families in votes.items()]
    return sorted(found, key=lambda one: (-one.confidence, one.party))


@dataclass(slots=True)
class _Votes:
    """How many assets name a party in one kind of evidence, and the strongest that any of them says."""

    assets: int = 0
    best: tuple[float, str] = (0.0, "")

    def add(self, vote: tuple[float, str], assets: int) -> None:
        self.assets += assets
        # Order-free: of equal weights the text that sorts last is kept.
        self.best = max(self.best, vote)


def _votes_of_one(
    hints: Iterable[OwnerHint], known: Collection[str], declined: Collection[str]
) -> dict[tuple[str, str], tuple[float, str]]:
    """Return the strongest weight and reason that one asset gives, by name and family."""
    best: dict[tuple[str, str], tuple[float, str]] = {}
    for hint in hints:
        row = _weight_of(hint.source)
        for name in names_in(hint.candidate):
            if is_automation(name) or name in declined:
                continue
            vote = (_capped(row, hint, name in known, name), hint.why or hint.source)
            best[name, row.family] = max(best.get((name, row.family), (0.0, "")), vote)
    return best


_SUREST = 0.99
_PRIOR = 20.0
"""As many decisions as a proposed weight counts for: a few answers move it little, many settle it."""


def trust_of(outcomes: Mapping[str, tuple[int, int, float]]) -> dict[str, float]:
    """Return by how much to scale each kind of evidence: ``family -> (right, wrong, mean weight)``.

    The proposed weight is the mean of a prior of 20 decisions; what people accepted and declined moves it.
    """
    found: dict[str, float] = {}
    for family, (right, wrong, weight) in outcomes.items():
        if weight > 0 and right + wrong:
            learnt = (weight * _PRIOR + right) / (_PRIOR + right + wrong)
            found[family] = learnt / weight
    return found


def families_of(hints: Iterable[OwnerHint]) -> dict[str, dict[str, float]]:
    """Return which parties each kind of evidence names, with the weight it gives them."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for (name, family), (weight, _) in _votes_of_one(hints, (), ()).items():
        found[family][name] = max(weight, found[family].get(name, 0.0))
    return dict(found)


def _candidate(
    name: str, families: Mapping[str, _Votes], voters: Mapping[str, int], trust: Mapping[str, float]
) -> OwnerCandidate:
    doubt = 1.0
    reasons: list[tuple[float, str]] = []
    for family, votes in sorted(families.items(), key=lambda pair: pair[0]):
        weight, why = votes.best
        weight = min(_SUREST, weight * trust.get(family, 1.0))
        agreement = 0.5 + 0.5 * votes.assets / voters[family]
        doubt *= 1 - weight * agreement
        more = votes.assets - 1
        reasons.append((weight * agreement, why if not more else f"{why} (and {more} more like it)"))
    ordered = tuple(why for _, why in sorted(reasons, key=lambda pair: (-pair[0], pair[1])))
    return OwnerCandidate(name, round(1 - doubt, 3), ordered, is_team(name))


@lru_cache(maxsize=4096)
def _weight_of(source: str) -> _Weight:
    plain = _NOT_WORD.sub("", source.casefold())
    return next((row for row in _WEIGHTS if any(word in plain for word in row.words)), _UNKNOWN)


def _capped(row: _Weight, hint: OwnerHint, is_known: bool, name: str) -> float:
    weight = min(row.weight, max(0.0, hint.confidence))
    if row.family == "tag" and not (is_known or _MAIL.match(name) or _HANDLE.match(name)):
        return min(weight, _UNRESOLVED_TAG)
    return weight


@lru_cache(maxsize=4096)
def names_in(candidate: str) -> tuple[str, ...]:
    """Return the parties that a hint names, each in its one spelling."""
    return tuple(name for part in _SPLIT.split(candidate) if (name := normal_party(part)))
