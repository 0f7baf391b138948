"""What can go wrong with the store, each with what to do about it.

::

    StoreError
     +- NewerSchema        written by a newer aicensus
     +- NeedsUpgrade       written by an older aicensus
     +- StoreMissing       there is no store and none was to be made
     +- StoreLocked        another process holds the write lock for too long
     +- StoreReadOnly      the file, its folder or the role may not be written
     +- DiskFull           no space left; nothing half-written stays
     +- StoreCorrupt       not a store, or a damaged one
     +- NetworkFileSystem  the file lies where SQLite cannot lock safely
     +- StoreUnreachable   the database server does not answer or refuses us
     +- ClockWrong         this machine's clock is days behind what was written, or off the server's
     +- LeaseLost          another process has taken over the work
"""

from __future__ import annotations


class StoreError(Exception):
    """Say what is wrong with the store, where, and what to do; the text never holds a password."""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.what} ({self.where})" if self.where else self.what
        return f"{text}. {self.hint}" if self.hint else text


class NewerSchema(StoreError):
    """The store was written by a newer version."""


class NeedsUpgrade(StoreError):
    """The store was written by an older version and must be migrated first."""


class StoreMissing(StoreError):
    """There is no store at this place."""


class StoreLocked(StoreError):
    """The write lock could not be had in time."""


class StoreReadOnly(StoreError):
    """The store may be read but not written."""


class DiskFull(StoreError):
    """The disk that holds the store is full."""


class StoreCorrupt(StoreError):
    """The file is no store, or it is damaged."""


class NetworkFileSystem(StoreError):
    """The file lies on a network file system, where SQLite's locks cannot be trusted."""


class StoreUnreachable(StoreError):
    """The database server does not answer, or refuses the connection."""


class ClockWrong(StoreError):
    """A clock is wrong by more than a day: this machine's, or the one by which the store was last written."""


class LeaseLost(StoreError):
    """Another process has taken over this work; whatever this one still writes is refused."""
