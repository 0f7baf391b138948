"""What can be wrong with a question or a decision; every text says what to do."""

from __future__ import annotations

from connectors.errors import ConfigError


class ServiceError(ConfigError):
    """The request must be put differently; the text and hint say how."""


class NotFound(ServiceError):
    """Nothing answers to the reference; the hint lists what comes near."""


class Ambiguous(ServiceError):
    """Several things answer to the reference; the hint lists them."""


class DecisionError(ServiceError):
    """The decision cannot be taken as asked: a reason, a day or a word is missing or wrong."""
