"""List the targets of the code connector as scopes, and read one: its tree once for all parts.

The parts then hand out what was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from connectors.clients.git_folder import read_small
from connectors.code.assemble import Frame, marked_as_own
from connectors.code.changes import check_comparable, compare
from connectors.code.history import look_back
from connectors.code.kept import kept_of, standing, version_of
from connectors.code.opening import not_entered, opened, version_facts
from connectors.code.options import CodeOptions
from connectors.code.owners import CodeOwners, places_for
from connectors.code.reading import TreeFacts, TreeReader
from connectors.code.registry import Formats
from connectors.code.scanning import (
    FILES,
    code_owners_in,
    code_parts,
    formats_of,
    handed_on,
    path_filter,
    told,
)
from connectors.code.targets import Target, covered_by, covered_ref, distinct, open_target, with_clones
from connectors.code.trees import Limits
from connectors.contract import Context
from connectors.model import Finding, Ref, Scope, Unchanged


def scopes(ctx: Context, connector: str) -> Iterator[Scope]:
    """Yield one scope of ``connector`` for each distinct target and each clone in a target's folder.

    Raises ``ConfigError`` for a target that cannot be read.
    """
    options: CodeOptions = ctx.config
    parts = code_parts(formats_of(options))
    skipped = not_entered(options)
    written = [open_target(text, options.protocols) for text in options.targets]
    changes = options.changes
    if changes is not None:  # clones inside have histories of their own
        for target in written:
            check_comparable(target, changes)
    found = written if changes else [one for each in written for one in with_clones(each, skipped)]
    elsewhere = ctx.read_by_address() if any(one.folder and one.git for one in found) else ()
    for ids, target in distinct(found):
        scope = Scope(
            connector=connector,
            instance=ctx.instance,
            ids=ids,
            parts=parts,
            label=target.label,
            locator=str(target.folder) if target.folder else target.written,
            account=target.repository,
            # Asking a bare repository for another ref says nothing of the ones read before.
            sole_ref=target.folder is not None and (target.is_work_tree or not options.ref),
        )
        reader = covered_by(target, [one for one in elsewhere if one.key != scope.key])
        if reader:
            ref = covered_ref(target, options.ref)
            scope = replace(scope, ref=ref, sole_ref=True, listed={"covered_by": reader})
        yield scope


def scan(ctx: Context) -> Iterator[Finding | Unchanged]:
    """Read a target's tree, unless nothing moved, and yield what it holds, part by part."""
    options: CodeOptions = ctx.config
    formats = formats_of(options)
    target = open_target(ctx.scope.locator, options.protocols)
    stated = None
    if options.changes is None and ctx.scope.ref is None:
        stated = version_facts(target, options, ctx.network, ctx.now())
    version = version_of(options, formats, stated) if stated else ""
    unmoved = standing(ctx, formats, version) if version else None
    if unmoved is None:
        yield from _read(ctx, target, formats, version, stated or ())
        return
    for name in (FILES, *formats.parts):
        with ctx.part(name) as part:
            yield from unmoved.tell(ctx, name, part)


def _read(
    ctx: Context, target: Target, formats: Formats, version: str, stated: Sequence[object]
) -> Iterator[Finding | Unchanged]:
    """Read the tree and tell of it; with a ``version``, keep what it takes to leave it alone next time.

    ``stated`` is what the version was made of: a head that moved since keeps nothing.
    """
    options: CodeOptions = ctx.config
    limits = Limits(text_bytes=options.max_text_bytes, format_bytes=options.max_format_bytes)
    wanted = path_filter(options)
    reader = partial(TreeReader, formats, ctx.cache, limits)
    with opened(target, options, ctx.network) as tree:
        facts = reader(wanted).read(tree.tree)
        ref = tree.ref(facts)
        if ctx.scope.ref is not None:  # covered
            ref = replace(ctx.scope.ref, commit=ref.commit, dirty=ref.dirty)
    is_as_stated = bool(version) and (not ref.commit or ref.commit in stated)
    commits = options.history_commits
    facts.history, untold = look_back(target, facts, ref.commit, commits=commits, cache=ctx.cache)
    facts.places += untold
    compared = None
    if options.changes is not None:
        compared = compare(
            target,
            facts,
            ref.commit,
            options.changes,
            lambda own: reader(lambda path: own(path) and wanted(path)),
        )
    facts.places += marked_as_own(facts, options.own_packages)
    frame = _frame(ctx, target, facts, ref)
    for name in (FILES, *formats.parts):
        exceptions = facts.places if name == FILES else facts.exceptions[name]
        with ctx.part(name) as part:
            for path, reason in exceptions:
                part.exception(path, reason)
            if compared is not None:
                yield from compared.shown(name, frame, facts) if name != FILES else ()
                continue
            previous = ctx.previous(name)
            items = told(facts, name, frame, previous) if name != FILES else []
            yield from handed_on(items, frame, part, previous)
            if is_as_stated:
                part.state(kept_of(version, items, exceptions).text())


def _frame(ctx: Context, target: Target, facts: TreeFacts, ref: Ref) -> Frame:
    owners, owned_from = _code_owners(target, facts)
    return Frame(
        target=target,
        ref=ref,
        observed_at=ctx.now(),
        code_owners=owners,
        owned_from=owned_from,
        own_packages=ctx.config.own_packages,
    )


def _code_owners(target: Target, facts: TreeFacts) -> tuple[CodeOwners | None, str]:
    """Return the owners file that counts and the tree's path below it: its own, else its repository's."""
    own = code_owners_in(facts, target.repository)
    if own is not None:
        return own, ""
    root = target.git.work_tree if target.git and target.prefix else None
    for place in places_for(target.repository) if root else ():
        text = read_small(root / place) if root else ""
        if text:
            return CodeOwners(text, place), target.prefix
    return None, ""
