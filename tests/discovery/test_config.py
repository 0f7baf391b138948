from __future__ import annotations

import pickle
from datetime import timedelta
from pathlib import Path

import pytest

from connectors import registry
from connectors.errors import ConfigError
from connectors.secrets import SecretRef
from discovery.config import Config, check_secrets, default_instance, load_config
from discovery.config_errors import ConfigMistakes

SECRET = "sk-proj-0123456789abcdefghijklmnop"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the tests write their configuration."""
    return tmp_path / "aicensus.toml"


def load(file: Path, text: str) -> Config:
    file.write_text(text, encoding="utf-8")
    return load_config(file, {})


def mistakes(file: Path, text: str) -> list[str]:
    """Return what is wrong with a configuration, without the path of its folder."""
    with pytest.raises(ConfigMistakes) as error:
        load(file, text)
    assert all(str(mistake) in str(error.value) for mistake in error.value.mistakes)
    return [str(mistake).replace(f"{file.parent}/", "") for mistake in error.value.mistakes]


def test_without_a_file_the_current_folder_is_scanned() -> None:
    config = load_config(None, {})

    assert [instance.key for instance in config.instances()] == ["code:main"]
    assert config.path is None
    assert config.scan.workers == 8
    assert config.store.url.startswith("sqlite:///")
    assert config.network.max_attempts == 6


def test_a_file_is_read(file: Path) -> None:
    config = load(
        file,
        """
        [store]
        url = "postgresql+psycopg://scanner@db.example.org/aicensus"
        [organisation]
        name = "Acme"
        timezone = "Europe/Berlin"
        [scan]
        workers = 3
        roles_that_alert = ["application", "template"]
        [network]
        read_timeout_s = 9
        [daemon]
        tick = "1s"
        [connectors.openai.main]
        admin_key = { env = "ACME_KEY" }
        schedule = "0 3 * * *"
        jitter = "5m"
        [connectors.openai.other]
        enabled = false
        [connectors.aws.prod]
        every = "6h"
        """,
    )

    main, prod = config.instances()
    assert (main.key, prod.key) == ("openai:main", "aws:prod")
    assert main.options.admin_key == SecretRef("env", "ACME_KEY")  # type: ignore[attr-defined]
    assert main.schedule is not None
    assert main.schedule.text == "cron 0 3 * * * jitter 5m"
    assert prod.schedule is not None
    assert prod.schedule.every == timedelta(hours=6)
    assert not config.instance("openai", "other").is_enabled
    assert config.store.url == "postgresql+psycopg://scanner@db.example.org/aicensus"
    assert config.organisation.zone.key == "Europe/Berlin"
    assert config.scan.roles_that_alert == ("application", "template")
    assert config.network.read_timeout_s == 9
    assert config.daemon.tick == timedelta(seconds=1)


def test_all_mistakes_are_told_at_once_with_line_and_nearest_word(file: Path) -> None:
    text = """\
[scan]
worker = 3
fail_on = "hgh"
strict = "yes"
[stroe]
[network]
max_attempts = "many"
workers = 4
[connectors.openai.main]
admin_keys = { env = "X" }
page_size = 0
[connectors.opnai.main]
[connectors.openai.two]
schedule = "0 3 * *"
[connectors.openai.three]
every = "soon"
jiter = "1m"
[connectors.openai.four]
every = "1h"
schedule = "@daily"
[connectors.aws]
profile = "x"
[organisation]
timezone = "Europe/Berlni"
"""

    found = mistakes(file, text)

    assert found == [
        "aicensus.toml:2 in [scan]: unknown option `worker`; did you mean `workers`?",
        "aicensus.toml:3 in [scan]: `fail_on` must be one of 'none', 'low', 'medium', 'high' or 'critical';"
        " did you mean 'high'?",
        "aicensus.toml:4 in [scan]: `strict` must be true or false, not a text",
        "aicensus.toml:5: unknown table `stroe`; did you mean `store`?",
        "aicensus.toml:7 in [network]: `max_attempts` must be a whole number, not a text",
        "aicensus.toml:8 in [network]: unknown option `workers`; it belongs in [scan]",
        "aicensus.toml:10 in [connectors.openai.main]: unknown option `admin_keys`;"
        " did you mean `admin_key`?",
        "aicensus.toml:11 in [connectors.openai.main]: `page_size` is wrong: input should be greater than or"
        " equal to 1",
        "aicensus.toml:12 in [connectors]: unknown connector `opnai`; did you mean `openai`?",
        "aicensus.toml:14 in [connectors.openai.two]: `schedule` is wrong: a cron expression has 5 fields"
        " (minute hour day month weekday), not 4: '0 3 * *'",
        "aicensus.toml:16 in [connectors.openai.three]: `every` is wrong: 'soon' is not a duration;"
        ' write it like "30s", "5m", "6h" or "1h30m"',
        "aicensus.toml:17 in [connectors.openai.three]: unknown option `jiter`; did you mean `jitter`?",
        "aicensus.toml:18 in [connectors.openai.four]: give either `schedule` or `every`, not both",
        "aicensus.toml:21 in [connectors]: an instance needs a name of its own: write [connectors.aws.main]",
        "aicensus.toml:24 in [organisation]: `timezone` is wrong: 'Europe/Berlni' is not a time zone of this"
        " machine; write one like 'Europe/Berlin'",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = \n", ["aicensus.toml:2, column 5: is not valid TOML: invalid value"]),
        ("[scan\n", ["aicensus.toml:1, column 6: is not valid TOML:"
                     " expected ']' at the end of a table declaration"]),
        (
            "[scan]\nworkers = 1\nstrict = true\nworkers = 2\n[scan]\n",
            ["aicensus.toml:4: `scan.workers` is already given in line 2",
             "aicensus.toml:5: `scan` is already given in line 1"],
        ),
        ("x = '''\n", ["aicensus.toml:2 (the end of the file): is not valid TOML: expected \"'''\""]),
        ("scan = 3\n", ["aicensus.toml:1: `scan` must be a table, not a whole number"]),
        ("connectors = []\n", ["aicensus.toml:1: `connectors` must be tables, not a list"]),
        ('[connectors.openai."a/b"]\n',
         ["aicensus.toml:1 in [connectors.openai]: the instance name 'a/b' may hold"
          " letters, digits, `_`, `-` and `.` only"]),
        ("[daemon]\ntick = '1m'\n",
         ["aicensus.toml:1 in [daemon]: tick must be above 0 and at most half of lease"]),
        ("[scan]\nroles_that_alert = ['application', 'tset']\n",
         ["aicensus.toml:2 in [scan.roles_that_alert]: `roles_that_alert.1` must be one of 'application',"
          " 'template', 'test', 'docs', 'example' or 'vendored'; did you mean 'test'?"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_is(file: Path, text: str, told: list[str]) -> None:
    assert mistakes(file, text) == told


@pytest.mark.parametrize(
    "text",
    [
        f'[connectors.openai.main]\nadmin_key = "{SECRET}"\n',
        f'[connectors.openai.main]\nadmin_kye = "{SECRET}"\n',
        f'[connectors.openai.main]\nadmin_key = {{ env = "A", file = "{SECRET}" }}\n',
        f'[connectors.openai.main]\nadmin_key = {{ vault = "{SECRET}" }}\n',
        f'[connectors.openai.main]\npage_size = "{SECRET}"\n',
        f'[connectors.openai.main]\nproject_keys = {{ a = "{SECRET}" }}\n',
        f'[connectors.openai]\nadmin_key = "{SECRET}"\n',
        f'[scan]\nfail_on = "{SECRET}"\n',
        f'[store]\nurl = "postgresql://me:{SECRET}@db.example.org/x"\n',
        f'[network]\nproxy = "http://me:{SECRET}@proxy.example.org"\n',
        f'[executor]\naddress = "postgresql://me:{SECRET}@db.example.org/x"\n',
        f'[connectors.openai.main]\nadmin_key = "{SECRET}\n',
    ],
)
def test_a_secret_written_out_is_refused_and_never_repeated(file: Path, text: str) -> None:
    with pytest.raises(ConfigMistakes) as error:
        load(file, text)

    shown = f"{error.value} {error.value!r} {error.value.mistakes!r} {pickle.dumps(error.value)!r}"
    assert SECRET not in shown


def test_a_plain_secret_is_told_how_to_be_given(file: Path) -> None:
    found = mistakes(file, f'[connectors.openai.main]\nadmin_key = "{SECRET}"\n')

    assert len(found) == 1
    assert found[0].startswith(
        "aicensus.toml:2 in [connectors.openai.main]: `admin_key` is wrong: a secret is given"
    )
    assert '{ env = "NAME" }' in found[0]


def test_a_missing_secret_is_found_by_the_check(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.write_text(SECRET)
    config = load(
        file,
        f"""\
[store]
url = {{ env = "NO_STORE" }}
[connectors.openai.main]
admin_key = {{ env = "SOME_KEY" }}
[connectors.openai.main.project_keys]
one = {{ file = "{there}" }}
two = {{ file = "/nowhere/key" }}
[connectors.openai.off]
enabled = false
admin_key = {{ env = "NOT_ASKED" }}
""",
    )
    monkeypatch.setenv("SOME_KEY", SECRET)

    found = [str(mistake).replace(f"{tmp_path}/", "") for mistake in check_secrets(config)]

    assert found == [
        "aicensus.toml:2 in [store]: `url` of [store] refers to env 'NO_STORE', which is missing or empty",
        "aicensus.toml:7 in [connectors.openai.main.project_keys]: `project_keys.two` of instance openai:main"
        " refers to file '/nowhere/key', which cannot be had: the secret file /nowhere/key cannot be read:"
        " FileNotFoundError. Check that it exists, is text, and may be read.",
    ]
    with pytest.raises(ConfigError, match="NO_STORE"):
        config.store.url  # noqa: B018


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "is not UTF-8"),
        (b"x = 1\ny = '\xe9'\n", "aicensus.toml:2: is not UTF-8 text"),
        (b"#" * 4_000_001, "too large"),
    ],
)
def test_what_is_no_text_is_refused(file: Path, content: bytes, told: str) -> None:
    file.write_bytes(content)

    with pytest.raises(ConfigMistakes, match=r"is ") as error:
        load_config(file, {})

    assert told in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"

    with pytest.raises(ConfigMistakes, match=r"none\.toml: cannot be read: No such file"):
        load_config(None, {"AICENSUS_CONFIG": str(missing)})


def test_a_file_from_windows_is_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf[scan]\r\nworkers = 2\r\n")

    assert load_config(file, {}).scan.workers == 2


def test_a_connector_can_be_asked_for_without_configuring_it(file: Path) -> None:
    config = load(
        file, "[connectors.openai.main]\nenabled = false\n[connectors.openai.two]\nenabled = false\n"
    )

    added = config.with_connector("aws").with_connector("openai", page_size=7)

    assert [instance.key for instance in added.instances()] == ["aws:main", "openai:main"]
    assert added.instance("openai").options.page_size == 7  # type: ignore[attr-defined]
    assert config.instances() == []


def test_a_configured_instance_is_kept_when_its_connector_is_asked_for(file: Path) -> None:
    config = load(file, "[connectors.openai.two]\n")

    assert config.with_connector("openai") is config


def test_unknown_instances_and_connectors_are_named(file: Path) -> None:
    config = load(file, "[connectors.openai.two]\n")

    with pytest.raises(ConfigError, match="no instance openai:main"):
        config.instance("openai")
    with pytest.raises(ConfigMistakes, match="Did you mean `openai`"):
        default_instance("open-ai")


def test_the_hash_follows_what_decides_a_scan_and_nothing_else(file: Path) -> None:
    plain = load(file, "[connectors.openai.main]\n")
    other_day = load(file, "[organisation]\nname = 'x'\n[connectors.openai.main]\nevery = '2h'\n")
    other_key = load(file, "[connectors.openai.main]\nadmin_key = { env = 'Y' }\n")

    assert plain.content_hash() == other_day.content_hash()
    assert plain.content_hash() != other_key.content_hash()


def test_options_travel_to_workers_without_secrets(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", SECRET)
    config = load(file, '[connectors.openai.main]\nadmin_key = { env = "SOME_KEY" }\n')

    travelled = pickle.dumps((config.instance("openai").options, config.network))

    assert SECRET.encode() not in travelled
    assert pickle.loads(travelled)[0] == config.instance("openai").options


def test_the_queue_is_the_stores_database_unless_told_otherwise(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE", "postgresql://db.example.org/x")
    text = "[store]\nurl = {env = 'STORE'}\n[executor]\nkind = 'procrastinate'\n[scan]\nworkers = 2\n"

    settings = load(file, text).executor_settings()

    assert (settings.kind, settings.workers, settings.address) == (
        "procrastinate",
        2,
        "postgresql://db.example.org/x",
    )


def test_no_installed_connector_takes_the_names_that_all_instances_have() -> None:
    from discovery.config_sections import InstanceSection

    for name in registry.names():
        options = registry.info(name).config_model.model_fields
        assert not set(options) & set(InstanceSection.model_fields), name
