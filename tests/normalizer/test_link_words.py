from __future__ import annotations

import pytest

from normalizer import link_words


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("invoice-reader-prod", "invoice-reader"),
        ("prod-invoice-reader", "invoice-reader"),
        ("InvoiceReader-Dev", "invoice-reader"),
        ("invoice_reader_v4", "invoice-reader"),
        ("Invoice reader (test)", "invoice-reader"),
        ("demand-forecast-v4-2026-10", "demand-forecast"),
        ("test-agent", ""),
        ("my-first-bot", ""),
        ("prod", ""),
        ("", ""),
    ],
)
def test_a_stem_leaves_out_what_tells_no_things_apart(name: str, stem: str) -> None:
    assert link_words.stem(name) == stem


@pytest.mark.parametrize(
    ("path", "home"),
    [
        (".", "."),
        ("", "."),
        ("infra", "."),
        ("terraform/envs/prod", "."),
        ("services/api", "."),
        ("services/bot", "services/bot"),
        ("services/bot/infra/aws", "services/bot"),
        ("models/card-fraud/deploy", "models/card-fraud"),
        ("src/web-chat", "src/web-chat"),
    ],
)
def test_the_home_of_a_unit_is_the_folder_of_its_application(path: str, home: str) -> None:
    assert link_words.home_of(path) == home


def test_every_word_of_the_table_is_spelt_as_words_are_compared() -> None:
    table = link_words.knowledge()

    assert all(word == word.casefold() for word in table.environments | table.places | table.generic)
    assert set(table.rules) == {f"G{number}" for number in range(1, 14)} | {"N4"}
    assert all(rule.how in ("must", "likely", "hint", "apart") for rule in table.rules.values())
