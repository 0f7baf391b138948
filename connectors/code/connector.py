"""The code connector: one scope a repository or folder, one part a group of formats.

Reads: Python and npm manifests, locks and imports, MCP configurations, Terraform, model ids, provider
addresses and agent files. A tree is read once for all parts; the parts then hand out what was found.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from connectors.catalogue import load_catalogue
from connectors.clients.git import GitReader
from connectors.clients.git_fetch import FetchLimits, fetch
from connectors.clients.git_folder import read_small
from connectors.clients.network import NetworkSettings
from connectors.code.assemble import Frame, findings
from connectors.code.options import CodeOptions
from connectors.code.owners import PLACES, CodeOwners
from connectors.code.reading import TreeFacts, TreeReader
from connectors.code.registry import formats_for
from connectors.code.targets import Target, clones_in, distinct, open_target, with_clones
from connectors.code.trees import FolderTree, GitTree, Limits, Tree
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.errors import BadResponse, ConfigError
from connectors.hygiene import clean
from connectors.model import Finding, Part, Ref, Scope, Unchanged

FILES = "files"
"""The part that says what of a tree was not entered; it shows no things."""


class CodeConnector:
    """Find AI in folders, git repositories and git URLs."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="code",
        title="Code: folders and git repositories",
        kinds=(
            *("package", "mcp_server", "model", "provider_endpoint", "agent_config"),
            *("agent", "agent_memory", "ai_account", "ai_project", "ai_service", "api_key", "application"),
            *(
                "compute",
                "configuration",
                "connection",
                "container_image",
                "dataset",
                "edge_fleet",
                "evaluation",
            ),
            *(
                "experiment",
                "gateway",
                "guardrail",
                "identity",
                "inference_job",
                "knowledge_base",
                "mlops_server",
            ),
            *("model_endpoint", "model_registry", "notebook", "oversight_control", "prompt", "saas_app"),
            *("subscription", "tool", "training_job", "vector_store", "workflow", "workspace"),
        ),
        operations=(
            Operation(
                method="GET", host="{targets}", path="/{repository}/info/refs", permission="repository: read"
            ),
            Operation(
                method="POST",
                host="{targets}",
                path="/{repository}/git-upload-pack",
                permission="repository: read",
                is_query=True,
            ),
        ),
        # Where the formats are described; what was looked up, and when, stands in the catalogue's files.
        docs=(
            "https://git-scm.com/docs",
            "https://packaging.python.org/specifications",
            "https://github.com/npm/cli/tree/latest/docs/lib/content/configuring-npm",
            "https://modelcontextprotocol.io/docs",
            "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration (copy, 2026-11-22)",
            "https://docs.gitlab.com/user/project/codeowners/reference (copy, 2026-11-22)",
        ),
        config_model=CodeOptions,
    )

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """List one scope for each distinct target and for each clone that lies in a target's folder.

        Raises ``ConfigError`` for a target that cannot be read.
        """
        options: CodeOptions = ctx.config
        parts = self._parts(options)
        skipped = _not_entered(options)
        written = [open_target(text, options.protocols) for text in options.targets]
        for ids, target in distinct([one for each in written for one in with_clones(each, skipped)]):
            yield Scope(
                connector=self.info.name,
                instance=ctx.instance,
                ids=ids,
                parts=parts,
                label=target.label,
                locator=str(target.folder) if target.folder else target.written,
                account=target.repository,
            )

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Read one target's tree and yield what it holds, part by part."""
        options: CodeOptions = ctx.config
        formats = formats_for(load_catalogue(_own(options)))
        locator = ctx.scope.locator
        target = open_target(locator, options.protocols)
        with _opened(target, options, ctx.network) as tree:
            reader = TreeReader(
                formats,
                ctx.cache,
                Limits(text_bytes=options.max_text_bytes, format_bytes=options.max_format_bytes),
                _filter(options),
            )
            facts = reader.read(tree.tree)
            ref = tree.ref(facts)
        owners, owned_from = _code_owners(target, facts)
        frame = Frame(
            target=target,
            ref=ref,
            observed_at=ctx.now(),
            code_owners=owners,
            owned_from=owned_from,
            own_packages=options.own_packages,
        )
        with ctx.part(FILES) as files:
            for path, reason in facts.places:
                files.exception(path, reason)
        for name in formats.parts:
            with ctx.part(name) as part:
                for path, reason in facts.exceptions[name]:
                    part.exception(path, reason)
                yield from _told_apart(findings(facts, name, frame), ctx.previous(name))

    def _parts(self, options: CodeOptions) -> tuple[Part, ...]:
        formats = formats_for(load_catalogue(_own(options)))
        return (
            Part(name=FILES, kinds=()),
            *(Part(name=name, kinds=kinds) for name, kinds in formats.parts.items()),
        )


def _told_apart(
    found: Iterator[Finding], previous: Mapping[tuple[str, str], str]
) -> Iterator[Finding | Unchanged]:
    """Say of each finding that stands as last recorded only that it does."""
    for finding in found:
        key = finding.natural_key
        cleaned = clean(finding)
        if previous.get((key.namespace, key.key)) == cleaned.fingerprint:
            yield Unchanged(natural_key=key, fingerprint=cleaned.fingerprint)
        else:
            yield cleaned


@dataclass(slots=True)
class _Opened:
    """A tree being read, and how to name its version once it was."""

    tree: Tree
    ref: Callable[[TreeFacts], Ref]


@contextmanager
def _opened(target: Target, options: CodeOptions, network: NetworkSettings) -> Iterator[_Opened]:
    """Open a target's tree: a URL is fetched into a private folder that is removed afterwards."""
    if target.folder is None:
        with _fetched(target, options, network) as opened:
            yield opened
    elif target.git is not None and target.git.work_tree is None:
        with _bare(target, options) as opened:
            yield opened
    else:
        catalogue = load_catalogue(_own(options))
        has_commit = target.git is not None and bool(target.git.head()[1])
        clones = clones_in(target.folder, _not_entered(options))
        folder = FolderTree(target.folder, catalogue, hashes=has_commit, apart=clones)
        yield _Opened(folder, lambda facts: _work_tree_ref(target, facts))


@contextmanager
def _fetched(target: Target, options: CodeOptions, network: NetworkSettings) -> Iterator[_Opened]:
    folder = Path(tempfile.mkdtemp(prefix="aicensus-fetch-"))
    try:
        fetched = fetch(
            target.written,
            folder,
            ref=options.ref,
            authorization=_authorization(target.written, options),
            limits=FetchLimits(
                timeout_s=options.fetch_timeout_s,
                size_bytes=options.max_fetch_bytes,
                blob_bytes=options.max_format_bytes,
            ),
            protocols=options.protocols,
            network=network,
        )
        drives = fetched.branch == fetched.default_branch
        ref = Ref(name=fetched.branch, commit=fetched.commit, drives=drives)
        with GitReader(folder / "objects") as reader:
            yield _Opened(GitTree(reader, fetched.commit), lambda facts: ref)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _bare(target: Target, options: CodeOptions) -> Iterator[_Opened]:
    git = target.git
    assert git is not None
    branch, commit = git.head()
    if options.ref:
        wanted = git.commit_of(options.ref)
        if not wanted:
            raise ConfigError(
                f"there is no {options.ref!r} in {target.written!r}", hint="Check the option ref."
            )
        drives = wanted == commit
        branch, commit = options.ref, wanted
    else:
        drives = True
    if not commit:
        raise BadResponse("the repository has no commit yet", where=target.written)
    ref = Ref(name=branch, commit=commit, drives=drives)
    with GitReader(git.objects, object_format=git.object_format()) as reader:
        yield _Opened(GitTree(reader, commit), lambda facts: ref)


def _work_tree_ref(target: Target, facts: TreeFacts) -> Ref:
    """Name the version of a work tree: what is checked out, and whether files differ from it.

    A folder drives: nothing else covers it. Files are compared by blob id; end-of-line conversion is undone
    by git on commit only, so a tree checked out with it shows as dirty.
    """
    if target.git is None:
        return Ref(name="")
    branch, commit = target.git.head()
    if not commit:
        return Ref(name=branch, dirty=True)
    prefix = f"{target.prefix}/" if target.prefix else ""
    with GitReader(target.git.objects, object_format=target.git.object_format()) as reader:
        committed = {
            item.path.decode("utf-8", "replace"): item.object_id
            for item in reader.tree(commit)
            if item.mode.startswith("100")
        }
    dirty = any(committed.get(prefix + path, blob) != blob for path, blob in facts.blobs.items())
    return Ref(name=branch or "HEAD", commit=commit, dirty=dirty)


def _authorization(url: str, options: CodeOptions) -> str:
    host = urlsplit(url).hostname or ""
    secret = options.credentials.get(host)
    if secret is None or not url.startswith("https://"):
        return ""
    token = secret.resolve()
    return "Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()


def _code_owners(target: Target, facts: TreeFacts) -> tuple[CodeOwners | None, str]:
    """Return the owners file that counts and the tree's path below it: its own, else its repository's."""
    for place in PLACES:
        if place in facts.code_owners:
            return CodeOwners(facts.code_owners[place].decode("utf-8", "replace"), place), ""
    root = target.git.work_tree if target.git and target.prefix else None
    for place in PLACES if root else ():
        text = read_small(root / place) if root else ""
        if text:
            return CodeOwners(text, place), target.prefix
    return None, ""


def _filter(options: CodeOptions) -> Callable[[str], bool]:
    """Return what says of a path whether it is to be read."""
    if not options.include and not options.exclude:
        return lambda path: True
    from pathspec import GitIgnoreSpec

    included = GitIgnoreSpec.from_lines(options.include) if options.include else None
    excluded = GitIgnoreSpec.from_lines(options.exclude)
    return lambda path: (included is None or included.match_file(path)) and not excluded.match_file(path)


def _not_entered(options: CodeOptions) -> frozenset[str]:
    catalogue = load_catalogue(_own(options))
    return frozenset((*catalogue.skipped_folders, *catalogue.control_folders))


def _own(options: CodeOptions) -> Path | None:
    return Path(options.catalogue).expanduser() if options.catalogue else None
