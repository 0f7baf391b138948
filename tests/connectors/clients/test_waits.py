"""What vendors say of when to come back."""

from __future__ import annotations

import pytest

from connectors.clients.waits import reset_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2000000030"}, 30.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1999999999"}, 0.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "2000000005"}, 5.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "45"}, 45.0),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-reset": "2000000030"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 40}, None),
        ({}, None),
    ],
)
def test_a_used_up_limit_says_when_it_is_filled_again(headers: dict[str, str], seconds: float | None) -> None:
    assert reset_s(headers, 2e9) == seconds
