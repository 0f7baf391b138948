"""What can go wrong while reading, named by what happens next.

::

    ConnectorError
     +- NoteAndGoOn          recorded on the part, the next part is tried
     |   +- PermissionDenied, NotEnabled, NotLicensed, NotOffered, NotOptedIn, Absent, Incomplete
     |   +- RetryLater       the shared client has already retried; nothing ages, the next run tries again
     |       +- RateLimited, Unavailable
     +- StopScope            recorded on the part, the rest of the scope is not tried
     |   +- AuthError, BadResponse, ContractError
     +- ConfigError          nothing can start until the configuration is fixed

Only a service's own code for "no such thing" becomes :class:`Absent`; a bare 404 is a
:class:`BadResponse`. A failure is never an empty list.
"""

from __future__ import annotations

from typing import ClassVar

from connectors.model import PartStatus


class ConnectorError(Exception):
    """Say what failed, where, and what to do about it; the text never holds a secret."""

    status: ClassVar[PartStatus] = PartStatus.FAILED

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = where
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by rebuilding from the three texts, so that workers can send errors home."""
        return _rebuild, (type(self), self.what, self.where, self.hint)

    def __str__(self) -> str:
        text = self.what
        if self.where:
            text += f" ({self.where})"
        if self.hint:
            text += f". {self.hint}"
        return text


def _rebuild(cls: type[ConnectorError], what: str, where: str, hint: str) -> ConnectorError:
    return cls(what, where=where, hint=hint)


class NoteAndGoOn(ConnectorError):
    """Record the status on the part and try the next part."""


class PermissionDenied(NoteAndGoOn):
    """The credential may not read this; the hint names the missing permission."""

    status = PartStatus.DENIED


class NotEnabled(NoteAndGoOn):
    """The service or feature is switched off in this account."""

    status = PartStatus.NOT_ENABLED


class NotLicensed(NoteAndGoOn):
    """The plan or licence does not include this."""

    status = PartStatus.NOT_LICENSED


class NotOffered(NoteAndGoOn):
    """The vendor does not offer this here (for example in this region)."""

    status = PartStatus.NOT_OFFERED


class NotOptedIn(NoteAndGoOn):
    """The account has not opted in to this region or programme."""

    status = PartStatus.NOT_OPTED_IN


class Absent(NoteAndGoOn):
    """The service's own code says that the one thing asked for is not there.

    Catch it where an item may have been deleted between list and detail; risen out of a listing it is a
    failure like any other.
    """


class RetryLater(NoteAndGoOn):
    """The shared client has used up its retries; a later run may have more luck."""


class RateLimited(RetryLater):
    """The vendor refused for too many requests."""

    status = PartStatus.THROTTLED


class Unavailable(RetryLater):
    """The vendor could not be reached or answered with a server error or a time-out."""


class Incomplete(NoteAndGoOn):
    """The listing could not be read to its end: a repeated token, a cap, a truncated answer."""

    status = PartStatus.INCOMPLETE


class StopScope(ConnectorError):
    """Record the status on the part and give up the rest of the scope."""


class AuthError(StopScope):
    """The credential is missing, wrong or expired."""

    status = PartStatus.DENIED


class BadResponse(StopScope):
    """The vendor's answer is not what its contract says; reading on would guess."""


class ContractError(StopScope):
    """The connector broke the contract: a bug in it, and the rest of its scope is not trusted."""


class ConfigError(ConnectorError):
    """The configuration must be fixed first; the hint says where and how."""
