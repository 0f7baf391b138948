"""Show an item only when it is proven to be about AI: a domain with vectors, a workload that calls a model.

What lists such things lists others, too. Where the listed fields prove nothing, the item is described, and
what that refuted is remembered with the part, so that an unchanged estate costs no description: only new and
changed items are described, and each again after a week.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from connectors import aws_rows
from connectors.aws_details import Answers, Details, Patience
from connectors.aws_findings import Listed, Spot, due_stamp, from_listing
from connectors.aws_rows import Row
from connectors.clients.aws_errors import Rejected, Unreadable
from connectors.contract import Context, PartHandle
from connectors.errors import Absent, PermissionDenied
from connectors.model import Finding, Unchanged


class Gate:
    """Stand before the findings of one listing; ``answers`` keeps what was read of those let through."""

    def __init__(self, ctx: Context, row: Row, details: Details, spot: Spot, part: PartHandle) -> None:
        self._row = row
        self._details = details
        self._spot = spot
        self._part = part
        self._previous = ctx.previous(row.part)
        self._refuted = frozenset(ctx.previous_state(row.part).split())
        self._still: set[str] = set()
        self._patience = Patience()
        self._tag_rules = aws_rows.load().tag_rules
        self.answers: dict[str, Answers] = {}

    def through(self, item: Mapping[str, Any], listed: Listed) -> Finding | Unchanged | None:
        """Return what is to be shown of an item; ``None`` when nothing proves that it is about AI."""
        stamp = self._stamp(listed)
        if self._is_by_listing(listed):
            return self._judged(item, item, listed, stamp)
        if self._previous.get((listed.key.namespace, listed.key.key)) == stamp:
            return Unchanged(natural_key=listed.key, fingerprint=stamp)
        mark = hashlib.blake2b(f"{listed.key.key} {stamp}".encode(), digest_size=8).hexdigest()
        if mark in self._refuted:
            self._still.add(mark)
            return None
        if any(proof.holds(item) for proof in self._row.proofs):
            return self._judged(item, item, listed, stamp)
        if self._row.workload is not None and (shown := self._judged(item, item, listed, stamp)):
            return shown  # it is described with all others that are shown
        answers = self._read(listed)
        if answers is None:
            return None
        known = dict(item)
        for _, answer in answers:
            known.update(answer)
        shown = self._judged(item, known, listed, stamp)
        if shown is None:
            self._still.add(mark)
        else:
            self.answers[listed.key.key] = answers
        return shown

    def close(self) -> None:
        """Keep what proved nothing, for the next scan of the part."""
        if not self._row.is_judged_by_listing:
            self._part.state(" ".join(sorted(self._still)))

    def _is_by_listing(self, listed: Listed) -> bool:
        """Say whether the listing answers all, for this item: a description may be for some only."""
        return self._row.is_judged_by_listing or not listed.params

    def _stamp(self, listed: Listed) -> str:
        stamp = listed.stamp if self._is_by_listing(listed) else due_stamp(listed, self._spot.now)
        if self._row.workload is None:
            return stamp
        from connectors.aws_workloads import knowledge_version

        return f"{stamp}.{knowledge_version()}"

    def _read(self, listed: Listed) -> Answers | None:
        """Describe an item; a refusal is listed, so that what is known of the thing stays."""
        try:
            answers = self._details.answers(listed)
        except Absent:  # deleted since it was listed
            return None
        except (PermissionDenied, Rejected, Unreadable) as error:
            # Where only some items are described, the listing proves the others all the same.
            if not self._row.details[0].when:
                self._patience.failed(error)
            self._part.exception(listed.key.key, str(error))
            return None
        self._patience.worked()
        return answers

    def _judged(
        self, item: Mapping[str, Any], known: Mapping[str, Any], listed: Listed, stamp: str
    ) -> Finding | Unchanged | None:
        row = self._row
        if row.proofs and not any(proof.holds(known) for proof in row.proofs):
            return None
        if row.workload is None:
            return self._shown(from_listing(row, item, listed, self._spot, self._tag_rules), stamp)
        from connectors.aws_workloads import look

        seen = look(row.workload, known)
        if not seen.is_about_ai:
            return None
        finding = from_listing(row, item, listed, self._spot, self._tag_rules)
        seen.apply(finding)
        return self._shown(finding, stamp)

    def _shown(self, finding: Finding, stamp: str) -> Finding | Unchanged:
        key = finding.natural_key
        if self._previous.get((key.namespace, key.key)) == stamp:
            return Unchanged(natural_key=key, fingerprint=stamp)
        finding.fingerprint = stamp
        return finding
