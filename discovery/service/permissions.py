"""Say who acts, and what acting takes.

From the command line the actor is the operating system's user at this host. That is a claim, not a
proof, so the actor is marked unauthenticated wherever it is kept.
"""

from __future__ import annotations

import getpass
import socket

from discovery.service.errors import DecisionError
from store.audit import Actor

__all__ = ["ENGINE", "SINGLE_USER", "Actor", "os_actor", "second_person"]

SINGLE_USER = "[single-user mode: no second person]"
"""What is kept with a decision that takes a second person and had no proven one."""
ENGINE = Actor(name="aicensus", kind="service", authenticated=True)
"""The engine itself: what scans and rules do without a person."""


def os_actor() -> Actor:
    """Return the operating system's user as ``user@host``, marked unauthenticated."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return Actor(name=f"{user}@{socket.gethostname()}", kind="os", authenticated=False)


def second_person(actor: Actor, first: str | None, what: str) -> str:
    """Check that ``actor`` is not the one (``first``) whose work is judged; returns a note to keep.

    Raises ``DecisionError`` for an authenticated actor. From the command line nobody is proven to be
    anybody, so a single user may do both and the record says so.
    """
    if not actor.authenticated:
        return f" {SINGLE_USER}"
    if first is not None and first == actor.name:
        raise DecisionError(f"{what} takes a second person", hint="Ask someone who is not the assignee.")
    return ""
