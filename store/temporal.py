"""Ask for rows as they were known at a revision, in bounded steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import and_, or_

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Table

CHUNK = 2_000
"""Ids in one step: few statements, short transactions, little memory."""

T = TypeVar("T")


def holds(table: Table, rev: int | None) -> ColumnElement[bool]:
    """Return the condition that a row was what the store knew at ``rev`` (``None``: now)."""
    if rev is None:
        return table.c.valid_to.is_(None)
    return and_(table.c.valid_from <= rev, or_(table.c.valid_to.is_(None), table.c.valid_to > rev))


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut items into lists of at most ``size``, in order."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
