"""Plan a scan: which connector instances, which scopes of them, and what each job is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from itertools import zip_longest
from typing import TYPE_CHECKING

from connectors import clock
from connectors.catalogue import load_catalogue
from connectors.errors import ConfigError
from connectors.model import PartStatus, Scope
from connectors.outcome import PartResult
from connectors.runner import ScopeJob, list_scopes
from discovery.config import default_instance
from discovery.engine import Progress, Tally
from discovery.service.permissions import ENGINE
from store import journal
from store.cache import BlobCache
from store.journal import RunSpec
from store.recorded import Recorded, known_scopes, scopes_by_address

if TYPE_CHECKING:
    from pydantic import BaseModel

    from connectors.code.options import Changes
    from discovery.config import Config, InstanceConfig
    from store import Store

FRESH = timedelta(hours=1)
"""How old a complete part of an interrupted run may be to be reused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """What to scan.

    ``targets`` are folders or git URLs for the code connector; ``connectors`` are names or
    ``name:instance``. With neither, everything that is configured is scanned. ``changes`` narrows a scan of
    code to what differs from an earlier version; such a run is ``filtered``: nothing ages.
    """

    targets: tuple[str, ...] = ()
    connectors: tuple[str, ...] = ()
    trigger: str = "cli"
    strict: bool = False
    actor: str = ""
    changes: Changes | None = None

    @property
    def filtered(self) -> bool:
        """Say whether the run looks only at some of the things inside parts."""
        return self.changes is not None


@dataclass(frozen=True, slots=True)
class Scan:
    """What every step of one scan needs."""

    config: Config
    store: Store
    request: ScanRequest
    progress: Progress
    run_id: str
    holder: str
    executor: Executor | None
    cache: BlobCache


def chosen(config: Config, request: ScanRequest) -> list[InstanceConfig]:
    """Return the instances that the request names, or all that are enabled.

    Raises ``ConfigError`` for a connector that cannot look at changes alone.
    """
    instances = _named(config, request)
    return instances if request.changes is None else _narrowed(instances, request)


def _narrowed(instances: list[InstanceConfig], request: ScanRequest) -> list[InstanceConfig]:
    """Return the code instances, told to look only at what changed; others have no versions to compare."""
    code = [item for item in instances if item.connector == "code"]
    others = [item.key for item in instances if item.connector != "code"]
    if not code or (request.connectors and others):
        whose = ", ".join(others) or "what is configured"
        raise ConfigError(
            f"--diff and --since compare versions of code; {whose} has none",
            hint="Name a folder with a git repository.",
        )
    return [replace(item, options=_only(item.options, request.changes)) for item in code]


def _only(options: BaseModel, changes: Changes | None) -> BaseModel:
    from connectors.code.options import CodeOptions

    assert isinstance(options, CodeOptions)
    return options.only(changes)


def _named(config: Config, request: ScanRequest) -> list[InstanceConfig]:
    chosen: list[InstanceConfig] = []
    for word in request.connectors:
        connector, _, name = word.partition(":")
        if name:
            chosen.append(config.instance(connector, name))
        else:
            instances = config.with_connector(connector).instances()
            chosen.extend(item for item in instances if item.connector == connector)
    if request.targets:
        takers = [item for item in chosen if takes_targets(item)]
        chosen = [item for item in chosen if item not in takers]
        chosen += [_reading(item, request.targets) for item in takers] or [
            _for_targets(config, request.targets)
        ]
    return chosen or config.instances()


def takes_targets(instance: InstanceConfig) -> bool:
    """Say whether a connector reads what a command may name: folders, repositories, images."""
    return "targets" in type(instance.options).model_fields


def _reading(instance: InstanceConfig, targets: tuple[str, ...]) -> InstanceConfig:
    options = type(instance.options).model_validate({**instance.options.model_dump(), "targets": targets})
    return replace(instance, options=options)


def _for_targets(config: Config, targets: tuple[str, ...]) -> InstanceConfig:
    """Return the first code instance, reading ``targets`` instead of its own."""
    code = next((item for item in config.instances() if item.connector == "code"), None)
    if code is None:
        return default_instance("code", targets=targets)
    return _reading(code, targets)


def plan(
    scan: Scan, instances: Sequence[InstanceConfig], look_at: Callable[[set[str]], None], tally: Tally
) -> tuple[list[ScopeJob], list[str]]:
    """List and journal the scopes of all instances; returns the jobs and what kept listings from whole.

    ``look_at`` gets the assets of scopes that were retired.

    Scopes of different instances are dealt in turn, so that one vendor's rate limit does not hold up
    the others.
    """
    hands: list[list[ScopeJob]] = []
    shortfalls: list[str] = []
    spec, left_out = run_spec(scan), 0
    for instance in instances:
        template = _template(scan, instance)
        known = partial(known_scopes, scan.store, instance.connector, instance.name)
        elsewhere = partial(scopes_by_address, scan.store)
        scopes, result = _listed(instance, replace(template, known=known, read_by_address=elsewhere))
        tally.requests += result.requests
        if result.status is not PartStatus.COMPLETE:
            shortfalls.append(f"{instance.key} could not be listed: {result.reason}")
        shortfalls += refusals(scopes or ())
        if _names_targets(scan, instance):
            reason = "only the named targets were listed"
            if scan.request.filtered:
                reason = "a scan of changes lists its targets only, not the clones in them"
            result = replace(result, status=PartStatus.INCOMPLETE, reason=reason)
        lost = journal.note_scopes_listing(
            scan.store, instance.connector, instance.name, scopes, result, run_id=scan.run_id
        )
        look_at(lost)
        hands.append([_job(scan, template, scope, spec) for scope in scopes or () if not scope.left_out])
        left_out += sum(scope.left_out is not None for scope in scopes or ())
        _note_covered(scan, scopes or ())
    if left_out:
        scan.progress.note(f"{left_out:,} scopes are left out of this scan; coverage says why")
    _note_unmanaged(scan)
    jobs = [job for turn in zip_longest(*hands) for job in turn if job is not None]
    waiting = [job for job in jobs if not _is_done(job)]
    tally.scopes_reused = len(jobs) - len(waiting)
    journal.plan_scopes(scan.store, scan.run_id, [job.scope for job in waiting])
    reused = [job.scope for job in jobs if _is_done(job)]
    journal.plan_scopes(scan.store, scan.run_id, reused, state="reused")
    return waiting, shortfalls


def _listed(instance: InstanceConfig, template: ScopeJob) -> tuple[list[Scope] | None, PartResult]:
    """List an instance's scopes; what is wrong with its configuration is said with its name."""
    try:
        return list_scopes(template)
    except ConfigError as error:
        if error.where:
            raise
        raise type(error)(error.what, where=instance.key, hint=error.hint) from error


def _is_done(job: ScopeJob) -> bool:
    """Say whether an interrupted run has just completed every part of the scope."""
    return bool(job.scope.parts) and job.fresh.issuperset(part.name for part in job.scope.parts)


def _names_targets(scan: Scan, instance: InstanceConfig) -> bool:
    """Say whether the listing is a choice of the moment; then what it lacks has not gone away."""
    if scan.request.filtered:  # clones inside the targets are not listed
        return True
    if scan.request.targets and takes_targets(instance):
        return True
    return instance.connector == "code" and scan.config.path is None


def refusals(scopes: Iterable[Scope]) -> list[str]:
    """Say of scopes that nobody may enter why; the listing itself is whole, so others may retire."""
    return [
        f"{scope.connector}:{scope.instance} {scope.label} could not be entered: {scope.left_out.reason}"
        for scope in scopes
        if scope.left_out is not None and scope.left_out.status is PartStatus.DENIED
    ]


def _note_covered(scan: Scan, scopes: Sequence[Scope]) -> None:
    """Say which folders are not the last word on their repository."""
    readers = sorted({reader for scope in scopes if (reader := scope.listed.get("covered_by"))})
    if readers:
        count = sum("covered_by" in scope.listed for scope in scopes)
        scan.progress.note(
            f"{count:,} {'folder is' if count == 1 else 'folders are'} read from the host by "
            f"{', '.join(readers)}, too: what lies here is marked +folder, opens no alert and ages nothing"
        )


def _note_unmanaged(scan: Scan) -> None:
    """Mark scopes of instances that a configuration file no longer holds."""
    if scan.config.path is not None:
        managed = {(item.connector, item.name) for item in scan.config.every_instance}
        journal.note_unmanaged(scan.store, managed)


def _template(scan: Scan, instance: InstanceConfig) -> ScopeJob:
    nowhere = Scope(connector=instance.connector, instance=instance.name, ids=(), parts=())
    return ScopeJob(
        connector=instance.connector,
        instance=instance.name,
        scope=nowhere,
        options=instance.options,
        network=scan.config.network,
        cache=scan.cache,
    )


def _job(scan: Scan, template: ScopeJob, scope: Scope, spec: RunSpec) -> ScopeJob:
    store = scan.store
    fresh: set[str] = set()
    if not scan.request.filtered:  # what changed must be looked at, even right after a run that was cut off
        fresh = set(journal.fresh_parts(store, scope.key, clock.now() - FRESH, like=spec))
    recorded = Recorded(store, scope.key, scope.ref)
    return replace(
        template,
        scope=scope,
        previous=recorded.fingerprints,
        previous_state=recorded.state,
        fresh=frozenset(fresh),
    )


def run_spec(scan: Scan) -> RunSpec:
    """Say what the journal keeps of a run: who, why, and with which versions."""
    return RunSpec(
        run_id=scan.run_id,
        actor=scan.request.actor or ENGINE.label,
        trigger=scan.request.trigger,
        filtered=scan.request.filtered,
        code_version=version("aicensus"),
        catalogue_version=load_catalogue().version,
        config_hash=scan.config.content_hash(),
        holder=scan.holder,
    )
