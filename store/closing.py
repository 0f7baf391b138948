"""Close sightings for good, with those that only followed them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from store.bulk import is_one_of
from store.database import WriteTx
from store.schema import part, sighting
from store.sightings import Open, end_versions


def close_sightings(tx: WriteTx, closing: Sequence[Open], reason: str, *, scope_no: int) -> set[str]:
    """Close sightings of one scope and return the assets to fold again.

    What readers of single items (details) showed of the same assets in the scope closes with them, as soon
    as no listing of the scope shows the asset any more: details never age by themselves.
    """
    if not closing:
        return set()
    assets = {one.asset_id for one in closing}
    end_versions(tx, [one.sighting_no for one in closing], reason=reason)
    end_versions(tx, _followers(tx, assets, scope_no), reason=reason)
    return assets


def _followers(tx: WriteTx, assets: Iterable[str], scope_no: int) -> list[int]:
    rows = tx.conn.execute(
        select(sighting.c.sighting_no, sighting.c.asset_id, sighting.c.details)
        .join(part, part.c.part_no == sighting.c.part_no)
        .where(
            is_one_of(tx.conn, sighting.c.asset_id, assets),
            sighting.c.valid_to.is_(None),
            part.c.scope_no == scope_no,
        )
    ).all()
    still_listed = {row.asset_id for row in rows if not row.details}
    return [row.sighting_no for row in rows if row.details and row.asset_id not in still_listed]
