"""Run work on a dask cluster that exists already, by its scheduler's address.

The package ``distributed`` is not ours to require: whoever runs a cluster installs the version it runs.
Source: https://distributed.dask.org/en/stable/asynchronous.html and the client's ``get_executor``, read
2026-11-22.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

from connectors.errors import ConfigError

P = ParamSpec("P")
T = TypeVar("T")
_CONNECT_TIMEOUT_S = 10


class DaskExecutor(Executor):
    """Hand work to dask and close the client at the end.

    ``pure=False``, because equal calls of a pure function run once: a second scan would get the first
    one's answer. ``retries=0``, because a lost worker's tasks run again anyway.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ConfigError(
                "the dask executor needs the package distributed",
                where="[executor] kind",
                hint="Install the version your cluster runs: pip install 'distributed==...'.",
            ) from error
        try:
            self._client = Client(address, timeout=_CONNECT_TIMEOUT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"no dask scheduler answers at {address!r}: {type(error).__name__}",
                where="[executor] address",
                hint="Check the address and that the scheduler runs.",
            ) from error
        self._executor: Executor = self._client.get_executor(pure=False, retries=0)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Send a call to the cluster."""
        return self._executor.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work; cancelling does not stop what a worker has begun."""
        self._executor.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._client.close()
