"""Calls that the executor tests send to other processes; importable there by name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from connectors.errors import PermissionDenied


def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


def refuse() -> None:
    """Raise an error of the family, with its texts."""
    raise PermissionDenied("may not list agents", where="eu-west-1", hint="Grant bedrock:ListAgents.")


class _Stubborn(RuntimeError):
    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


def raise_what_cannot_travel() -> None:
    """Raise an error that pickles but cannot be rebuilt."""
    raise _Stubborn("this", "that")


def process_id() -> int:
    """Return where this runs."""
    return os.getpid()


def wait_for(file: str) -> str:
    """Wait until a file exists."""
    end = time.monotonic() + 20
    while not Path(file).exists() and time.monotonic() < end:
        time.sleep(0.02)
    return "waited"


def die_once(file: str) -> str:
    """Kill this process the first time, return the second."""
    try:
        Path(file).touch(exist_ok=False)
    except FileExistsError:
        return "survived"
    os.kill(os.getpid(), signal.SIGKILL)
    return "unreachable"


def die() -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def big(size_bytes: int) -> bytes:
    """Return so many bytes."""
    return b"x" * size_bytes
