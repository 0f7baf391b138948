"""Read from a vendor's answer how long it asks us to wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after_s(value: str, wall_s: float) -> float | None:
    """Read ``Retry-After`` (seconds or an HTTP date) as seconds from now; ``None`` when it says nothing."""
    value = value.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - wall_s) if value else None
    except (ValueError, TypeError, OverflowError):
        return None


def reset_s(headers: Mapping[str, str], wall_s: float) -> float | None:
    """Read when a used-up limit is filled again (seconds from now); ``None`` when no header says so.

    **Source:** the headers of the large hosts of repositories, from general knowledge: ``x-ratelimit-reset``
    and ``ratelimit-reset`` count seconds since 1970, newer drafts of the standard seconds from now.
    """
    for front in ("x-ratelimit", "ratelimit"):
        reset = headers.get(f"{front}-reset", "").strip()
        if headers.get(f"{front}-remaining", "").strip() == "0" and re.fullmatch(r"\d{1,12}", reset):
            seconds = float(reset)
            return max(0.0, seconds - wall_s) if seconds > 1e9 else seconds
    return None
