"""The example and the documentation hold every option with the default that the code has."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from connectors import registry
from discovery.config import load_config
from tests import config_reference as reference


def test_the_example_holds_every_option_with_its_default() -> None:
    text = reference.EXAMPLE.read_text(encoding="utf-8")
    parsed: dict[str, Any] = tomllib.loads(text)

    for name, models in reference.sections():
        table: Any = parsed
        for word in name.split("."):
            table = table[word]
        expected = {option: reference.REQUIRED[option] if field.is_required()
                    else reference.default_of(model, option, field)
                    for model in models for option, field in reference.options(model)}  # fmt: skip

        assert {option: value for option, value in expected.items() if value is not None} == table, name
        beginning = text.index(f"[{name}]")
        body = text[beginning : text.find("\n[", beginning) % (len(text) + 1)]
        for option in expected.keys() - table.keys():
            assert re.search(rf"^# {option} = \S", body, re.M), f"{name}.{option} is not shown"


def test_the_example_shows_every_connector() -> None:
    assert sorted(reference.OURS) == sorted(registry.names())


def test_the_example_loads_and_means_the_defaults() -> None:
    config = load_config(reference.EXAMPLE, {})
    plain = load_config(None, {})

    assert [instance.key for instance in config.instances()] == [f"{name}:main" for name in reference.OURS]
    assert config.instance("code").options == plain.instance("code").options
    for section in ("store", "organisation", "scan", "network_section", "executor", "daemon"):
        assert getattr(config, section) == getattr(plain, section)


def test_commented_examples_of_the_example_load_too() -> None:
    text = reference.EXAMPLE.read_text(encoding="utf-8")

    shown = [tomllib.loads(line[2:]) for line in text.splitlines() if re.match(r"# [a-z_]+ = ", line)]

    assert {"schedule": "0 3 * * *"} in shown
    assert {"every": "6h"} in shown


def test_the_example_and_the_page_are_current() -> None:
    """Renew both with ``python -m tests.config_reference``."""
    page = reference.PAGE.read_text(encoding="utf-8")

    assert reference.EXAMPLE.read_text(encoding="utf-8") == reference.example()
    assert page == reference.page(page)


def test_every_option_is_explained() -> None:
    unexplained = [
        f"{name}.{option}"
        for name, models in reference.sections()
        for model in models
        for option, field in reference.options(model)
        if not field.description
    ]

    assert unexplained == []
