"""What every connector that reads repositories has in common: how a tree is read, and how it is told.

The code connector and the connectors of the hosts end here, so that one repository shows the same things
whichever way its bytes came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from connectors.catalogue import load_catalogue
from connectors.catalogue.tables import Catalogue
from connectors.code.assemble import Frame, findings
from connectors.code.options import ReadingOptions
from connectors.code.owners import CodeOwners, places_for
from connectors.code.reading import TreeFacts, TreeReader
from connectors.code.registry import Formats, formats_for
from connectors.code.trees import Limits
from connectors.contract import Cache, PartHandle
from connectors.hygiene import clean
from connectors.model import Finding, Json, Part, Unchanged

FILES = "files"
"""The part that says what of a tree was not entered; it shows no things."""


def catalogue_of(options: ReadingOptions) -> Catalogue:
    """Return the catalogue, extended by the user's own file."""
    return load_catalogue(Path(options.catalogue).expanduser() if options.catalogue else None)


def formats_of(options: ReadingOptions) -> Formats:
    """Return the formats of the catalogue that the options name."""
    return formats_for(catalogue_of(options))


def code_parts(formats: Formats) -> tuple[Part, ...]:
    """Return the parts of a scope whose tree is read."""
    groups = (Part(name=name, kinds=kinds) for name, kinds in formats.parts.items())
    return (Part(name=FILES, kinds=()), *groups)


def tree_reader(options: ReadingOptions, formats: Formats, cache: Cache) -> TreeReader:
    """Return what reads a tree within the limits and patterns of the options."""
    limits = Limits(text_bytes=options.max_text_bytes, format_bytes=options.max_format_bytes)
    return TreeReader(formats, cache, limits, path_filter(options))


def told(
    facts: TreeFacts,
    name: str,
    frame: Frame,
    previous: Mapping[tuple[str, str], str],
    marks: Mapping[str, Json] | None = None,
) -> list[Finding | Unchanged]:
    """Return what a part shows of a tree; what stands as last recorded only says that it does.

    ``marks`` are attributes of every finding: what a host says of the repository.
    """
    items: list[Finding | Unchanged] = []
    for finding in findings(facts, name, frame):
        key = finding.natural_key
        if marks:
            finding.attributes = {**finding.attributes, **marks}
        cleaned = clean(finding)
        stands = previous.get((key.namespace, key.key)) == cleaned.fingerprint
        items.append(Unchanged(natural_key=key, fingerprint=cleaned.fingerprint) if stands else cleaned)
    return items


def handed_on(
    items: Sequence[Finding | Unchanged],
    frame: Frame,
    part: PartHandle,
    previous: Mapping[tuple[str, str], str],
) -> Iterator[Finding | Unchanged]:
    """Yield what a part shows, unless it is just what is on record: then the part says that it stands.

    Most parts of most trees show nothing, or nothing new; each that is handed on costs a transaction.
    """
    same = {(one.natural_key.namespace, one.natural_key.key) for one in items if isinstance(one, Unchanged)}
    if frame.ref.drives and len(same) == len(items) and same == previous.keys():
        part.stands()
    else:
        yield from items


def code_owners_in(facts: TreeFacts, repository: str = "") -> CodeOwners | None:
    """Return the owners file of the tree itself that counts on the repository's host, if there is one."""
    for place in places_for(repository):
        if place in facts.code_owners:
            return CodeOwners(facts.code_owners[place].decode("utf-8", "replace"), place)
    return None


def path_filter(options: ReadingOptions) -> Callable[[str], bool]:
    """Return what says of a path whether it is to be read."""
    if not options.include and not options.exclude:
        return lambda path: True
    from pathspec import GitIgnoreSpec

    included = GitIgnoreSpec.from_lines(options.include) if options.include else None
    excluded = GitIgnoreSpec.from_lines(options.exclude)
    return lambda path: (included is None or included.match_file(path)) and not excluded.match_file(path)
