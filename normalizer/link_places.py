"""Link what was built from a repository to its code, the parts of one application, and working copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from normalizer import link_words
from normalizer.link_buckets import Bucket, Edge
from normalizer.link_facts import Side, Token, repository
from normalizer.link_nodes import Node


def of_repository(bucket: Bucket) -> Iterator[Edge]:
    """Link what was built from a repository to the unit it was built from, and join parts of one home."""
    having = bucket.by_node(Side.HAS) or bucket.by_node(Side.WAS)
    units = [(one, bucket.nodes[one.node]) for one in having.values()]
    if len({node.repository for _, node in units}) > 1:
        # One address, two repositories: nobody can say which was meant.
        return
    for one in _builders(bucket, having):
        meant = _unit_meant(one, bucket.nodes[one.node], units)
        if meant is not None and bucket.fits(one, meant):
            where = f" in {meant.detail}" if meant.detail != "." else ""
            why = f"{one.label} was built from {bucket.value}{where}"
            yield bucket.edge("G3", meant, one, why, how="declares")
    if units and bucket.value == repository(units[0][1].repository):
        yield from _homes(bucket, units)


def _builders(bucket: Bucket, having: Mapping[str, Token]) -> Iterator[Token]:
    seen: set[tuple[str, str]] = set()
    for one in bucket.tokens:
        if one.side is Side.NAMES and one.node not in having and (one.node, one.asset_id) not in seen:
            seen.add((one.node, one.asset_id))
            yield one


_Units = Sequence[tuple[Token, Node]]


def _unit_meant(built: Token, node: Node, units: _Units) -> Token | None:
    """Return the unit of a repository that something was built from; ``None`` when it may be several."""
    if built.detail:
        return _by_path(built.detail, units)
    homes = {unit.home for _, unit in units}
    named = homes - {"."}
    if len(named) <= 1:
        return _app_of(named.pop() if named else ".", units)
    names = (built.label, *node.names[:3])
    fitting = {home for home in named if _is_called(home, names, units[0][1].repository)}
    return _app_of(fitting.pop(), units) if len(fitting) == 1 else None


def _is_called(home: str, names: Iterable[str], address: str) -> bool:
    """Say whether a folder bears one of some names, with the repository's before it or not.

    Among the folders of one repository a common word tells, too, as long as it is all there is.
    """
    folder, repo = home.rpartition("/")[2], address.rpartition("/")[2]
    whole = {link_words.plain(folder), link_words.plain(f"{repo}-{folder}")}
    own, prefix = link_words.telling(folder), link_words.telling(repo)
    for name in names:
        told = link_words.telling(name)
        last = link_words.plain(name.rpartition("/")[2])
        if last in whole or (own and told in (own, f"{prefix}-{own}")):
            return True
        if len(own) >= _LEAST and told.endswith(f"-{own}"):
            return True
    return False


_LEAST = 6
"""Letters of a folder's name, to be told by the end of a longer name."""


def _by_path(path: str, units: _Units) -> Token | None:
    """Return the unit that lies nearest above a path."""
    plain = path.strip("/")
    above = [
        (len(node.unit), one)
        for one, node in units
        if node.unit == "." or plain == node.unit or plain.startswith(f"{node.unit}/")
    ]
    found = max(above, key=lambda pair: pair[0], default=None)
    if found is not None and found[1].detail != ".":
        return found[1]
    homes = {node.home for _, node in units} - {"."}
    home = link_words.home_of(plain.rpartition("/")[0])
    if home in homes:
        return _app_of(home, units)
    return _app_of(homes.pop() if homes else ".", units) if len(homes) <= 1 else None


def _app_of(home: str, units: _Units) -> Token | None:
    """Return the unit of a home that runs, else its first."""
    of_home = sorted(
        ((not node.runs, len(node.unit), node.unit, one) for one, node in units if node.home == home),
        key=lambda row: row[:3],
    )
    return of_home[0][3] if of_home else None


def _homes(bucket: Bucket, units: _Units) -> Iterator[Edge]:
    """Join the units of one application; what lies at the root is of it where there is just one."""
    by_home: dict[str, list[Token]] = defaultdict(list)
    for one, node in units:
        if not node.is_developers:
            by_home[node.home].append(one)
    named = [home for home in by_home if home != "."]
    if len(named) == 1:
        by_home[named[0]] += by_home.pop(".", [])
    elif named:  # of several applications: nobody can say whose the infrastructure above them is
        by_home.pop(".", None)
    for home, members in sorted(by_home.items()):
        first, *others = sorted(members, key=lambda one: one.node)
        place = bucket.value if home == "." else f"{bucket.value}/{home}"
        for other in others:
            yield bucket.edge("G13", first, other, f"both are parts of the application in {place}")


def of_fork(bucket: Bucket) -> Iterator[Edge]:
    """Link a working copy to what it is a copy of: a fork that kept the name, in somebody's own place.

    Any other fork has a life of its own, and neither is the system of the other: an ``ai-system.yaml`` that
    came along with the code says nothing.
    """
    is_organisations = bucket.text.startswith("forked:")
    upstream = {one.detail: one for one in bucket.by_node(Side.HAS).values()}
    for left in bucket.by_node(Side.NAMES).values():
        right = upstream.get(left.detail)
        if right is None or right.node == left.node or not bucket.fits(left, right):
            continue
        place, _, name = left.label.rpartition("/")
        origin, _, original = right.label.rpartition("/")
        if name == original and place != origin and not is_organisations:
            yield bucket.edge("G12", left, right, f"{left.label} is a working copy of {right.label}")
        else:
            yield bucket.edge("N4", left, right, f"{left.label} is a fork of {right.label}")
