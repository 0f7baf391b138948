from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import ConfigError
from discovery.config import Config, load_config
from discovery.service import rule_sets
from store import Store

OWN = """\
rules:
  - id: ACME-01
    title: No cost centre on record
    severity: medium
    subject: system
    when: {missing: org_unit}
    refs: {iso42001: [A.4.2]}
    fix: Record the unit that pays for it.
"""


def configured(folder: Path, text: str, **files: str) -> Config:
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    path = folder / "aicensus.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def test_without_a_word_in_the_configuration_the_built_in_rules_hold(tmp_path: Path) -> None:
    assert rule_sets.of_config(configured(tmp_path, "")) is rule_sets.built_in()


def test_own_rules_join_and_changed_ones_are_marked(tmp_path: Path) -> None:
    text = """
[rules]
files = ["acme.yaml"]
alert = ["critical", "ACME-01"]
[rules.override.OWN-01]
severity = "critical"
[rules.override.LIF-06]
enabled = false
"""

    found = rule_sets.of_config(configured(tmp_path, text, acme=OWN))

    assert len(found.rules) == 73
    assert found.hash != rule_sets.built_in().hash
    assert (found.get("own-01").severity, found.get("OWN-01").changed) == ("critical", ("severity",))
    assert found.get("ACME-01").is_own
    assert found.get("LIF-06") not in found.of("system")
    assert [one.id for one in found.asked("system", is_known=False)] == ["ACME-01"]
    assert {"OWN-01", "RSK-03"} < {one.id for one in found.asked("system", is_known=True)}


def test_an_override_that_changes_nothing_is_no_change(tmp_path: Path) -> None:
    text = '[rules.override.OWN-01]\nseverity = "high"\nenabled = true\n'

    assert rule_sets.of_config(configured(tmp_path, text)).get("OWN-01").changed == ()


@pytest.mark.parametrize(
    ("text", "own", "message", "hint"),
    [
        ('[rules]\nfiles = ["none.yaml"]', OWN, "cannot be read: No such file", ""),
        ('[rules]\nfiles = ["acme.yaml"]', OWN.replace("ACME-01", "OWN-01"), "OWN-01 already", "another id"),
        ('[rules]\nfiles = ["acme.yaml", "acme.yaml"]', OWN, "ACME-01 already", "another id"),
        ('[rules]\nfiles = ["acme.yaml"]', OWN.replace("ACME-01", "acme 1"), "is no id", "ACME-01"),
        ('[rules]\nfiles = ["acme.yaml"]', OWN.replace("org_unit", "org_units"), "org_units", "org_unit"),
        (
            '[rules]\nfiles = ["acme.yaml"]',
            OWN.replace("{missing: org_unit}", "{eq: [oversight.mode, in_the_lop]}"),
            "'oversight.mode' is never 'in_the_lop'",
            "in_the_loop",
        ),
        (
            '[rules]\nfiles = ["acme.yaml"]',
            OWN.replace("{missing: org_unit}", "{any_where: [assessments, {status: finished}]}"),
            "'assessments.status' is never 'finished'",
            "Known: planned",
        ),
        ('[rules.override.OWN-1]\nseverity = "low"', OWN, "no rule 'OWN-1'", "OWN-01"),
        ('[rules]\nalert = ["OWN-99"]', OWN, "'OWN-99' names no rule", "Did you mean OWN-"),
        ('[rules]\nalert = ["OWM-*"]', OWN, "'OWM-.' names no rule", ""),
    ],
)
def test_mistakes_are_named_with_what_is_near(
    tmp_path: Path, text: str, own: str, message: str, hint: str
) -> None:
    config = configured(tmp_path, text, acme=own)

    with pytest.raises(ConfigError, match=message) as caught:
        rule_sets.of_config(config)

    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[rules.override.OWN-01]\nseverity = "hihg"', "did you mean 'high'"),
        ('[rules]\nfile = ["x.yaml"]', "did you mean `files`"),
        ("[rules]\nalert = 3", "must be a list"),
    ],
)
def test_the_section_itself_is_checked_with_the_configuration(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        configured(tmp_path, text)


def test_the_store_keeps_the_rules_it_judged_by(store: Store, tmp_path: Path) -> None:
    from discovery.service import alerting

    config = configured(tmp_path, '[rules]\nfiles = ["acme.yaml"]\nalert = ["ACME-*"]', acme=OWN)
    with store.read() as tx:
        assert rule_sets.in_force(tx) is rule_sets.built_in()

    alerting.evaluate(store, rules=rule_sets.of_config(config))

    with store.read() as tx:
        found = rule_sets.in_force(tx)
        assert found.hash == rule_sets.of_config(config).hash
        assert found.get("ACME-01").is_own
        assert rule_sets.in_force(tx, 0) is rule_sets.built_in()
