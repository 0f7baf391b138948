"""The base of every connector's options, and how a secret is written in them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from connectors.errors import ConfigError
from connectors.secrets import SecretRef


class Options(BaseModel):
    """Validate a connector instance's options; unknown ones are refused."""

    # A rejected value may be a secret: errors must not repeat it.
    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )


def _read_ref(value: Any) -> SecretRef:
    if isinstance(value, SecretRef):
        return value
    if isinstance(value, str):
        forms = '{ env = "NAME" }, { file = "PATH" } or { keyring = "SERVICE/NAME" }'
        raise ValueError(f"a secret is given by reference: {forms}")
    if isinstance(value, dict) and len(value) == 1:
        ((place, name),) = value.items()
        if isinstance(name, str) and name:
            try:
                return SecretRef(str(place), name)
            except ConfigError as error:
                raise ValueError(str(error)) from error
    raise ValueError("a secret reference has exactly one of env, file, keyring")


Secret = Annotated[
    SecretRef,
    BeforeValidator(_read_ref),
    PlainSerializer(lambda ref: {ref.place: ref.name}, return_type=dict),
]
