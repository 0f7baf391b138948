"""Run one scope of one connector and hand on what it shows, in bounded batches.

This is the engine's unit boundary: the only place that catches every exception. What comes out of here
is clean: every kind is declared, every finding has a fingerprint, and no text holds a secret.
"""

from __future__ import annotations

import logging
import pickle
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors import meter, registry
from connectors.clients.network import NetworkSettings
from connectors.context import NoCache, OpenPart, RunContext, Services
from connectors.contract import Cache, ConnectorInfo
from connectors.errors import AuthError, ConfigError, ConnectorError, ContractError
from connectors.hygiene import clean
from connectors.model import Finding, KnownScope, Part, PartStatus, ReadScope, Scope, Unchanged
from connectors.outcome import BATCH_SIZE, PartBatch, PartResult, ScopeOutcome
from connectors.secrets import redact

log = logging.getLogger("aicensus.runner")

Previous = Callable[[str], Mapping[tuple[str, str], str]]
LISTING = Part(name="scopes", kinds=())


def no_previous(part: str) -> Mapping[tuple[str, str], str]:
    """Know nothing of earlier runs."""
    return {}


def no_state(part: str) -> str:
    """Know no text of an earlier run."""
    return ""


def nothing_known() -> Mapping[str, KnownScope]:
    """Know no scope of an earlier run."""
    return {}


def nothing_read() -> Sequence[ReadScope]:
    """Know nobody else who reads anything."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeJob:
    """All that is needed to scan a scope anywhere; secrets in ``options`` are references.

    ``previous`` looks up earlier fingerprints by part, ``previous_state`` the text that a part kept;
    ``fresh`` names parts that an interrupted run has just completed, ``known`` tells a listing what is on
    record of the instance's scopes and ``read_by_address`` what all instances read. :func:`packed`
    makes a job that can travel to another process.
    """

    connector: str
    instance: str
    scope: Scope
    options: Any
    network: NetworkSettings
    previous: Previous = no_previous
    cache: Cache = field(default_factory=NoCache)
    fresh: frozenset[str] = frozenset()
    previous_state: Callable[[str], str] = no_state
    known: Callable[[], Mapping[str, KnownScope]] = nothing_known
    read_by_address: Callable[[], Sequence[ReadScope]] = nothing_read


@dataclass(frozen=True, slots=True)
class PackedState:
    """What the parts kept, by part, to travel with a job."""

    texts: Mapping[str, str]

    def __call__(self, part: str) -> str:
        """Return the text of one part."""
        return self.texts.get(part, "")


@dataclass(frozen=True, slots=True)
class PackedPrevious:
    """Earlier fingerprints as compressed bytes, to travel with a job."""

    data: bytes

    def __call__(self, part: str) -> Mapping[tuple[str, str], str]:
        """Return the fingerprints of one part."""
        parts: dict[str, dict[tuple[str, str], str]] = pickle.loads(zlib.decompress(self.data))
        return parts.get(part, {})


class TravellingCache:
    """A cache that starts empty on a worker and brings its new entries home."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return what was put on this worker."""
        return {key: self.entries[key] for key in keys if key in self.entries}

    def put(self, key: str, value: bytes) -> None:
        """Keep it for the way home."""
        self.entries[key] = value


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeReturn:
    """What a job brings home from another process: the outcome, packed batches, new cache entries."""

    outcome: ScopeOutcome
    batches: tuple[bytes, ...]
    cache_entries: dict[str, bytes]

    def unpack(self) -> Iterable[PartBatch]:
        """Yield the batches in the order they were made."""
        for batch in self.batches:
            yield pickle.loads(zlib.decompress(batch))


def packed(job: ScopeJob, cache: TravellingCache | None = None) -> ScopeJob:
    """Return the job with everything it refers to inside it, ready to be pickled.

    ``cache`` travels with it; without one, an empty cache does.
    """
    known = {part.name: dict(job.previous(part.name)) for part in job.scope.parts}
    data = zlib.compress(pickle.dumps(known), 1)
    kept = PackedState(
        {part.name: text for part in job.scope.parts if (text := job.previous_state(part.name))}
    )
    return replace(job, previous=PackedPrevious(data), previous_state=kept, cache=cache or TravellingCache())


def run_scope_collected(job: ScopeJob) -> ScopeReturn:
    """Run a packed job and return everything at once, compressed."""
    batches: list[bytes] = []
    outcome = run_scope(job, lambda batch: batches.append(zlib.compress(pickle.dumps(batch), 1)))
    entries = job.cache.entries if isinstance(job.cache, TravellingCache) else {}
    return ScopeReturn(outcome=outcome, batches=tuple(batches), cache_entries=entries)


def run_scope(
    job: ScopeJob,
    emit: Callable[[PartBatch], None],
    stopped: Callable[[], bool] = lambda: False,
) -> ScopeOutcome:
    """Scan one scope; ``emit`` gets every batch, ``stopped`` is asked between findings.

    Never raises for what a connector does: its errors end in the results of its parts.
    """
    started, requests = time.monotonic(), meter.requests()
    outcome = ScopeOutcome(scope_key=job.scope.key)
    batcher = _Batcher(job.scope, emit, outcome)
    ctx = RunContext(_services(job), job.scope, batcher.end)
    status = PartStatus.FAILED
    try:
        _drain(job, ctx, batcher, stopped)
    except ConnectorError as error:
        outcome.error = redact(str(error))
        # Who is not let in is refused the rest of the scope as well.
        status = error.status if isinstance(error, AuthError) else status
    except Exception as error:
        log.exception("connector %s failed in %s", job.connector, job.scope.key)
        outcome.error = redact(f"{type(error).__name__} in connector {job.connector}: {error}")
    batcher.fill(ctx, job.fresh, status)
    outcome.requests = meter.requests() - requests
    outcome.elapsed_s = time.monotonic() - started
    return outcome


def _drain(job: ScopeJob, ctx: RunContext, batcher: _Batcher, stopped: Callable[[], bool]) -> None:
    stream = iter(ctx.connector.scan(ctx))
    try:
        for item in stream:
            batcher.add(ctx.current, item)
            if stopped():
                batcher.outcome.error = "interrupted"
                return
    finally:
        close = getattr(stream, "close", None)
        if close is not None:
            close()


def list_scopes(
    job: ScopeJob,
) -> tuple[list[Scope] | None, PartResult]:
    """List a connector instance's scopes; ``None`` when the listing failed, with the reason.

    ``job.scope`` is only a place holder naming the instance. Raises ``ConfigError``.
    """
    ctx = RunContext(_services(job), None, lambda part, result: None)
    part = OpenPart(LISTING, ctx.now())
    ctx.current = part
    scopes: list[Scope] | None = []
    error: BaseException | None = None
    try:
        scopes = [replace(scope, label=redact(scope.label)) for scope in ctx.connector.scopes(ctx)]
        part.count = len(scopes)
        if len({scope.key for scope in scopes}) != part.count:
            raise ContractError(f"connector {job.connector} listed a scope twice")
    except ConfigError:
        raise
    except ConnectorError as raised:
        scopes, error = None, raised
    except Exception as raised:
        _refuse_without_extra(ctx.connector.info, raised)
        log.exception("connector %s failed to list its scopes", job.connector)
        scopes, error = None, raised
    return scopes, part.result(ctx.now(), error)


def _refuse_without_extra(info: ConnectorInfo, error: Exception) -> None:
    """Raise ``ConfigError`` when what the connector lacks is what its extra would have installed."""
    missing = (isinstance(error, ModuleNotFoundError) and error.name) or ""
    if info.extra and missing and not missing.startswith("connectors"):
        raise ConfigError(
            f"the connector {info.name!r} needs the package {missing!r}",
            hint=f"Install aicensus[{info.extra}].",
        ) from error


def _services(job: ScopeJob) -> Services:
    return Services(
        connector=registry.load(job.connector)(),
        instance=job.instance,
        options=job.options,
        network=job.network,
        previous=job.previous,
        cache=job.cache,
        fresh=job.fresh,
        previous_state=job.previous_state,
        known=job.known,
        read_by_address=job.read_by_address,
    )


def _checked(part: OpenPart, finding: Finding) -> Finding:
    """Return the finding fit to leave, or break the part it came from."""
    try:
        if finding.kind not in part.kinds:
            raise ContractError(f"part {part.part.name!r} does not declare the kind {finding.kind!r}")
        return clean(finding)
    except ContractError as error:
        part.broken = error
        raise


class _Batcher:
    """Gather a part's findings into batches of at most ``BATCH_SIZE``."""

    def __init__(self, scope: Scope, emit: Callable[[PartBatch], None], outcome: ScopeOutcome) -> None:
        self._scope = scope
        self._emit = emit
        self.outcome = outcome
        self._findings: list[Finding] = []
        self._unchanged: list[Unchanged] = []

    def add(self, part: OpenPart | None, item: Finding | Unchanged) -> None:
        """Take one item of the open part."""
        if part is None:
            raise ContractError("a finding was yielded outside of any part")
        part.count += 1
        if isinstance(item, Unchanged):
            self._unchanged.append(item)
        else:
            self._findings.append(_checked(part, item))
        if len(self._findings) + len(self._unchanged) >= BATCH_SIZE:
            self._send(part.part.name, None)

    def end(self, part: OpenPart, result: PartResult) -> None:
        """Close a part with its result."""
        self.outcome.parts[part.part.name] = result
        self._send(part.part.name, result)

    def fill(self, ctx: RunContext, fresh: frozenset[str], status: PartStatus) -> None:
        """Give every promised part that was never opened a status; fresh ones stand as they are."""
        reason = f"not tried: {self.outcome.error}" if self.outcome.error else "the connector never opened it"
        for part in self._scope.parts:
            if part.name in ctx.opened or part.name in fresh:
                continue
            result = PartResult.never_read(reason, ctx.now(), status)
            self.outcome.parts[part.name] = result
            self._send(part.name, result)

    def _send(self, part: str, final: PartResult | None) -> None:
        batch = PartBatch(
            scope_key=self._scope.key,
            part=part,
            findings=self._findings,
            unchanged=self._unchanged,
            final=final,
        )
        self._findings, self._unchanged = [], []
        self._emit(batch)
