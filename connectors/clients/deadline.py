"""Bound the whole time of an answer.

A socket's time-out starts anew with every byte, so a server that drips one byte at a time can hold a
thread for hours, be it in the head, between chunks or in the body. A watch cuts the connection when the
time is up, wherever the thread is waiting.
"""

from __future__ import annotations

import contextlib
import socket
import threading


class _Current(threading.local):
    watch: Watch | None = None


_current = _Current()


class Watch:
    """Cut the connection that this thread reads from after ``seconds``; use as a context manager."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.has_cut = False

    def on(self, connection: socket.socket | None) -> None:
        """Say which connection the answer comes over."""
        self._socket = connection
        if self.has_cut:
            self._cut()

    def _cut(self) -> None:
        self.has_cut = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Of the plain socket: TLS's own shutdown would pull the ground from under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> Watch:
        _current.watch = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._socket = None
        _current.watch = None


def reading_from(connection: socket.socket | None) -> None:
    """Tell this thread's watch, if there is one, where an answer is about to be read from."""
    if _current.watch is not None:
        _current.watch.on(connection)
