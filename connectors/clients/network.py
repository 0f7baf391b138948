"""Say how the network is reached: proxy, private CA, time-outs and patience, for every client."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts that are this very machine: no proxy stands before them, and nothing travels in the clear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """Hold the ``[network]`` options; safe to pickle, without secrets.

    ``proxy`` is a URL (empty: the usual environment variables decide), ``ca_bundle`` the path of a PEM
    file (empty: the system's trust). ``max_attempts`` counts the first try; ``max_wait_s`` is the longest
    a client waits in all before it gives one request up.
    """

    proxy: str = ""
    ca_bundle: str = ""
    connect_timeout_s: float = 5
    read_timeout_s: float = 30
    max_attempts: int = 6
    max_wait_s: float = 120
