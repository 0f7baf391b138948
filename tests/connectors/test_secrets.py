"""Secrets are named, read late, and dropped from every text."""

from __future__ import annotations

import pickle
from pathlib import Path

import keyring
import pytest
from keyring.core import load_keyring

from connectors.errors import ConfigError
from connectors.secrets import SecretRef, redact, remember


def test_a_reference_reads_the_environment_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = SecretRef("env", "TOY_KEY")
    monkeypatch.setenv("TOY_KEY", "a-plain-looking-value")

    value = reference.resolve()

    assert value == "a-plain-looking-value"
    assert redact(f"failed with {value}") == "failed with [redacted]"
    assert b"a-plain-looking-value" not in pickle.dumps(reference)


def test_a_line_end_behind_a_variable_is_no_part_of_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_KEY", "a-plain-looking-value\r\n")

    assert SecretRef("env", "TOY_KEY").resolve() == "a-plain-looking-value"


def test_a_missing_secret_names_its_place_and_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOY_KEY", raising=False)

    with pytest.raises(ConfigError, match="environment variable TOY_KEY"):
        SecretRef("env", "TOY_KEY").resolve()


def test_a_secret_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("file-secret-value\n")

    assert SecretRef("file", str(path)).resolve() == "file-secret-value"


def test_a_machine_without_a_keyring_is_told_what_to_use_instead() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(load_keyring("keyring.backends.fail.Keyring"))

    try:
        with pytest.raises(ConfigError, match="openai/admin cannot be read") as raised:
            SecretRef("keyring", "openai/admin").resolve()
        lack = SecretRef("keyring", "openai/admin").lack()
    finally:
        keyring.set_keyring(before)

    assert lack.startswith("cannot be had: the keyring entry openai/admin")
    assert "{ file = ... }" in (raised.value.hint or "")


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghij0123456789",
        "sk-proj-abcdefghijklmnopqrstuvwxyz",
        "sk-ant-admin01-abcdefghij0123456789",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAABCDEFGHIJKLMNOP",
        "hf_abcdefghijklmnopqrstuvwx",
        "xoxb-1234567890-abcdefghij",
    ],
)
def test_credentials_of_known_shape_are_dropped_unregistered(secret: str) -> None:
    assert redact(f"key={secret}, go on") == "key=[redacted], go on"


@pytest.mark.parametrize("front", ["1", "_", "<1", "x\\n", "é", '"'])
def test_a_credential_is_dropped_whatever_it_is_glued_to(front: str) -> None:
    for secret in ("sk-proj-abcdefghij0123456789", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", _JWT):
        assert redact(f"{front}{secret} x") == f"{front}[redacted] x"


def test_a_credential_in_the_midst_of_a_word_is_dropped() -> None:
    assert redact("tsk-proj-Abcdefghij0123456789 x") == "t[redacted] x"
    assert redact("task-proj-management-board-2026") == "task-proj-management-board-2026"


_JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NSJ9", "abcdefghij"))


def test_a_password_in_an_address_is_dropped() -> None:
    assert redact("https://user:pa55word@example.org/x") == "https://[redacted]@example.org/x"


@pytest.mark.parametrize(
    "name",
    [
        "helpdesk-assistant-production-2",
        "sk-learn-based-endpoint",
        "task-force-agents-2026",
        "test_sk_learn_based_endpoint",
    ],
)
def test_names_that_only_resemble_a_key_are_kept(name: str) -> None:
    assert redact(name) == name


def test_short_values_are_not_registered() -> None:
    remember("abc")

    assert redact("abc") == "abc"
