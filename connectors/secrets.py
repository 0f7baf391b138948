"""Refer to secrets, resolve them late, and keep them out of every text.

A :class:`SecretRef` names where a secret lives (environment, file, keyring); it may be printed and
pickled. The value is read where the work runs and registered with the redactor, so that no log line,
error or finding that passes through :func:`redact` can show it.
"""

from __future__ import annotations

import base64
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import ConfigError

_PLACES = ("env", "file", "keyring")
# Shapes of well-known credentials, so that secrets we were never told about are dropped as well.
# A digit or the letter of an escaped line end may stand right before one; any other letter makes a word.
_FRONT = r"(?:(?<![A-Za-z])|(?<=\\[bfnrt]))"
_SHAPES = re.compile(
    rf"{_FRONT}(?:(?<!_)sk[-_]|sk-(?:proj|ant|svcacct|or-v1)-)[A-Za-z0-9_-]{{17,}}"
    # With a digit and a capital in it, no word of a name ("task-project-for-...") ends so.
    r"|sk-(?:proj|ant|svcacct)-(?=[a-z0-9_-]*[A-Z])(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{17,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|(?<![A-Z])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])|xox[abposr]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}"
    rf"|hf_[A-Za-z0-9]{{20,}}|glpat-[A-Za-z0-9_-]{{20,}}"
    rf"|{_FRONT}eyJ[A-Za-z0-9_-]{{10,}}\.[A-Za-z0-9_-]{{10,}}\.[A-Za-z0-9_-]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
# One of these stands in every text that _SHAPES can match; a plain search is far cheaper than the pattern.
_MARKS = ("sk-", "sk_", "gh", "AKIA", "ASIA", "xox", "AIza", "hf_", "glpat-", "eyJ", "-----BEGIN", "://")
HIDDEN = "[redacted]"
"""What stands where a secret was."""
_known: set[str] = set()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Name a secret's place: ``env`` variable, ``file`` path, or ``keyring`` ``service/name``."""

    place: str
    name: str

    def __post_init__(self) -> None:
        if self.place not in _PLACES:
            raise ConfigError(
                f"unknown place for a secret: {self.place!r}", hint=f"Use one of {', '.join(_PLACES)}."
            )

    def resolve(self) -> str:
        """Return the secret's value; raises ``ConfigError`` that names the place when it is missing."""
        value = _READERS[self.place](self.name)
        if not value:
            raise ConfigError(
                f"the secret {self.place}:{self.name} is missing or empty",
                hint=f"Set it in {_WHERE[self.place].format(self.name)}.",
            )
        remember(value)
        return value

    def lack(self) -> str:
        """Say why the secret has no value now; empty when it has one."""
        try:
            return "" if _READERS[self.place](self.name) else "is missing or empty"
        except ConfigError as error:
            return f"cannot be had: {error}"


@dataclass(frozen=True, slots=True)
class Authorization(SecretRef):
    """Refer to a secret that is sent as ``Basic`` authorization, with the user's name before it."""

    user: str = ""

    def resolve(self) -> str:
        """Return the whole value of the header; both it and the secret are known to the redactor."""
        pair = f"{self.user}:{SecretRef.resolve(self)}"
        value = base64.b64encode(pair.encode()).decode()
        remember(value)
        return f"Basic {value}"


_WHERE = {
    "env": "the environment variable {}",
    "file": "the file {}",
    "keyring": "the keyring entry {} (service/name)",
}


def _from_env(name: str) -> str:
    return os.environ.get(name, "").strip("\r\n")  # `export KEY="$(...)"` of a file with line ends


def _from_file(name: str) -> str:
    try:
        return Path(name).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the secret file {name} cannot be read: {type(error).__name__}",
            hint="Check that it exists, is text, and may be read.",
        ) from error


def _from_keyring(name: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise ConfigError(
            "secrets in a keyring need the package keyring", hint="Install aicensus[keyring]."
        ) from error
    service, _, user = name.rpartition("/")
    try:
        return keyring.get_password(service, user) or ""
    except KeyringError as error:
        raise ConfigError(
            f"the keyring entry {name} cannot be read: {type(error).__name__}",
            hint="Unlock the keyring; a server has none: use { env = ... } or { file = ... } there.",
        ) from error


_READERS = {"env": _from_env, "file": _from_file, "keyring": _from_keyring}


def remember(value: str) -> None:
    """Register a secret's value so that :func:`redact` drops it; values under 6 characters are ignored."""
    if len(value) >= 6:
        with _lock:
            _known.add(value)


def redact(text: str) -> str:
    """Return ``text`` without registered secrets and without anything shaped like a credential."""
    for value in tuple(_known):
        if value in text:
            text = text.replace(value, HIDDEN)
    if any(mark in text for mark in _MARKS):
        text = _SHAPES.sub(_hide, text)
    return text


def _hide(match: re.Match[str]) -> str:
    """Keep plain words that only look like a key (``sk-learn-endpoint``): real ones are not spelt so."""
    found = match.group()
    is_word = (
        found.startswith(("sk-", "sk_"))
        and not any(char.isdigit() for char in found)
        and all(len(piece) < 20 for piece in re.split("[-_]", found))
    )
    return found if is_word else HIDDEN
