"""Say once which colour a word has; colour only repeats what the word says."""

from __future__ import annotations

_STYLES = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "complete": "green",
    "governed": "green",
    "present": "green",
    "none": "red",
    "incomplete": "yellow",
    "lapsed": "red",
    "withdrawn": "red",
    "denied": "red",
    "failed": "red",
    "throttled": "yellow",
    "interrupted": "yellow",
    "partial": "yellow",
    "never": "yellow",
    "suspect": "yellow",
    "missing": "yellow",
    "gone": "dim",
    "retired": "dim",
    "resolved": "dim",
    "not_enabled": "dim",
    "not_licensed": "dim",
    "not_offered": "dim",
    "not_opted_in": "dim",
}


def style_of(word: str) -> str:
    """Return the rich style of a state, severity or status; empty for a word without one."""
    return _STYLES.get(word, "")
