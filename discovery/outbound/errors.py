"""Say why a message did not arrive, and whether trying again can help."""

from __future__ import annotations


class DeliveryFailed(Exception):
    """A message did not arrive.

    ``what`` holds no address and no secret. ``is_final``: trying again cannot help. ``retry_after_s`` is what
    the receiver asked for.
    """

    def __init__(self, what: str, *, is_final: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.is_final = is_final
        self.retry_after_s = retry_after_s
