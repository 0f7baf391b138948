from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.catalogue import load_catalogue
from connectors.errors import ConfigError
from discovery.service import feedback, inventory, overrides
from discovery.service.alert_decisions import AlertAction, decide_alert
from discovery.service.errors import DecisionError
from discovery.service.feedback import FeedbackView
from store import Store
from tests.estate import ALICE, Estate, code, finding

PACKAGE = FeedbackView(
    rule="OWN-01",
    kind="package",
    provider="openai",
    thing="openai",
    sources=("requirements",),
    alerts=1,
    reasons=("a fixture",),
    own_row="pkg:pypi/openai",
    is_sure=True,
)


def rows(path: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads(path.read_text()).get("not_ai", [])
    return found


def call_all_wrong(store: Store) -> list[FeedbackView]:
    for alert in inventory.list_alerts(store):
        decide_alert(store, alert.alert_id, AlertAction.FALSE_POSITIVE, actor=ALICE, reason="a fixture")
    return feedback.feedback(store)


def test_what_alerts_were_about_alone_gets_a_row_of_its_own(store: Store, tmp_path: Path) -> None:
    Estate(store).show(code("openai", key="svc|package|pkg:pypi/openai@1.4"), connector="code")

    made = overrides.write(call_all_wrong(store), tmp_path / "own.toml")

    assert (made.added, made.proposed, made.without) == (1, 0, [])
    assert rows(tmp_path / "own.toml") == [{"name": "pkg:pypi/openai", "kind": "package", "why": "a fixture"}]
    assert load_catalogue(tmp_path / "own.toml").not_ai[0].name == "pkg:pypi/openai"


def test_what_lay_beside_others_is_only_proposed_and_live_things_are_named(
    store: Store, tmp_path: Path
) -> None:
    estate = Estate(store)
    two = [code(name, key=f"svc|package|pkg:pypi/{name}") for name in ("openai", "langchain")]
    estate.show(*two, connector="code", scope="R_1")
    estate.show(finding("helper"))

    made = overrides.write(call_all_wrong(store), tmp_path / "own.toml")

    assert (made.added, made.proposed, made.without) == (0, 2, ["helper (agent)"])
    assert rows(tmp_path / "own.toml") == []
    assert '# name = "pkg:pypi/openai"' in (tmp_path / "own.toml").read_text()


def test_writing_again_adds_nothing_and_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('# ours\n[[not_ai]]\nname = "pkg:npm/ai"\nkind = "package"\n')
    both = [PACKAGE, replace(PACKAGE, own_row="pkg:pypi/torch", is_sure=False)]

    first = overrides.write(both, path)
    text = path.read_text()
    again = overrides.write(both, path)

    assert (first.added, first.proposed) == (1, 1)
    assert (again.added, again.proposed, again.known) == (0, 0, 1)
    assert path.read_text() == text
    assert text.startswith("# ours\n")
    assert [one["name"] for one in rows(path)] == ["pkg:npm/ai", "pkg:pypi/openai"]


@pytest.mark.parametrize(
    "text", ["not toml", '[[not_ai]]\nname = "x"\nkind = "nothing"\n', "[[nonsense]]\na = 1\n"]
)
def test_a_file_with_mistakes_is_refused_and_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)

    with pytest.raises((DecisionError, ConfigError), match=r"own\.toml"):
        overrides.write([PACKAGE], path)

    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def test_a_hostile_name_stays_a_text(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    name = 'x"\n[[not_ai]]\nname = "pkg:pypi/openai"\nkind = "package"\n\x7f\u202e#'

    overrides.write(
        [replace(PACKAGE, own_row=name), replace(PACKAGE, own_row=name + "2", is_sure=False)], path
    )

    assert len(rows(path)) == 1
    assert load_catalogue(path).not_ai[0].name.startswith('x"[[not_ai]]')
