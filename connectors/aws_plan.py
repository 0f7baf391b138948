"""Say what a scan of AWS leaves out for now, and what its calls would cost.

A region that showed nothing is read again after some days only; between two such full sweeps a scan reads the
regions with signs of use. What costs money is off until an option allows an amount of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from connectors.catalogue import read_table
from connectors.contract import Charge, Operation
from connectors.model import KnownScope, LeftOut

_SLACK = timedelta(hours=6)
"""So that a daily scan that starts a little earlier than last week's still counts as a week later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """A call besides the rows, the role (``part``) that needs it, the ``resource`` it is limited to."""

    operation: Operation
    part: str
    resource: str = ""


@cache
def support() -> tuple[Support, ...]:
    """Return what is called to know accounts, regions and services, and what may be called for money."""
    return tuple(
        Support(
            operation=Operation(
                method="CALL",
                host=row["service"],
                path=row["operation"],
                permission=row["permission"],
                is_query=row.get("query", False),
            ),
            part=row["part"],
            resource=row.get("resource", ""),
        )
        for row in read_table("aws_organization")["support"]
    )


def quiet(region: str, known: KnownScope | None, parts: int, options: Any, now: datetime) -> LeftOut | None:
    """Return why a region is left out of this scan, ``None`` when it is to be read.

    It is read when it was never read whole with the present ``parts`` (number of listings), when anything
    was found in it, when its last reading was cut off, or when the full sweep is due. A denied listing
    counts as tried.
    """
    if known is None or known.tried_at is None or known.tried < parts:
        return None
    if known.things or known.is_cut or region in options.active_regions:
        return None
    due = known.tried_at + timedelta(days=options.full_sweep_days)
    if now >= due - _SLACK:
        return None
    return LeftOut(
        reason=f"left out: nothing was found on {known.tried_at:%Y-%m-%d}; it is read again on {due:%Y-%m-%d}"
    )


def charges(options: Any) -> Iterator[Charge]:
    """Yield every kind of call that costs money, with what the options allow of it in one scan."""
    for row in read_table("aws_organization")["charge"]:
        yield Charge(
            name=row["name"],
            operation=row["operation"],
            option=row["option"],
            what=row["what"],
            usd_each=row["usd"] / row["unit"],
            allowed=getattr(options, row["option"]),
        )
