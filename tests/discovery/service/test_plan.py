"""What a command names goes to the connectors that it names, else to the code connector."""

from __future__ import annotations

import pytest

from discovery.config import Config
from discovery.service.plan import chosen
from discovery.service.scan import ScanRequest


@pytest.mark.parametrize(
    ("connectors", "targets", "expected"),
    [
        ((), ("./a",), {"code": ("./a",)}),
        (("images",), ("./a.tar", "x/y:1"), {"images": ("./a.tar", "x/y:1")}),
        (("code",), ("./a",), {"code": ("./a",)}),
        (("aws",), ("./a",), {"aws": None, "code": ("./a",)}),
        (("aws", "images"), ("./a.tar",), {"aws": None, "images": ("./a.tar",)}),
    ],
)
def test_targets_go_to_the_connectors_that_take_them(
    connectors: tuple[str, ...], targets: tuple[str, ...], expected: dict[str, tuple[str, ...] | None]
) -> None:
    config = Config()

    instances = chosen(config, ScanRequest(connectors=connectors, targets=targets, trigger="test"))

    assert {one.connector: getattr(one.options, "targets", None) for one in instances} == expected
