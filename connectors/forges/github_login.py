"""Log in to GitHub as an app: its private key makes a short proof, which is exchanged for a token.

**Source:** GitHub's page "Generating an installation access token for a GitHub App" (stored copy, looked at
on 2026-11-22); that a proof is good for ten minutes at most and a token for an hour, from general knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from time import time
from typing import TYPE_CHECKING

from connectors import clock
from connectors.contract import Operation
from connectors.errors import BadResponse, ConfigError
from connectors.options import Options, Secret
from connectors.secrets import SecretRef

if TYPE_CHECKING:
    from connectors.clients.http import HttpClient

APP = "app"
"""The name of the credential that proves to be the app itself."""
_RIGHT = "the private key of a GitHub App"
INSTALLATION = Operation(
    method="GET", host="{base_url}", path="/app/installations/{installation}", permission=_RIGHT
)
# A login, the one thing that GitHub lets an app do by POST only; it changes nothing that is scanned.
TOKENS = Operation(
    method="POST",
    host="{base_url}",
    path="/app/installations/{installation}/access_tokens",
    permission=_RIGHT,
    is_query=True,
)
_BACK_S, _GOOD_S = 60, 540


class GitHubApp(Options):
    """Who logs in: the app's id, its private key (PEM), and the number of its installation."""

    id: str
    private_key: Secret
    installation: str


@dataclass(frozen=True, slots=True)
class AppProof(SecretRef):
    """Refer to an app's private key; what it resolves to is a signed proof, good for some minutes."""

    app: str = ""

    def resolve(self) -> str:
        """Return a new proof; raises ``ConfigError`` without the key, or the library that signs."""
        key = SecretRef.resolve(self)
        try:
            import jwt
            from jwt.exceptions import PyJWTError
        except ImportError as error:
            raise ConfigError(
                "logging in as a GitHub App needs the package PyJWT", hint="Install aicensus[github-app]."
            ) from error
        now = int(time())
        claims = {"iat": now - _BACK_S, "exp": now + _GOOD_S, "iss": self.app}
        try:
            return jwt.encode(claims, key, algorithm="RS256")
        except (PyJWTError, ValueError, TypeError):
            raise ConfigError(
                f"the secret {self.place}:{self.name} is not a private key",
                hint="Give the PEM file that GitHub let you download.",
            ) from None  # the library's text may quote the key


@dataclass(frozen=True, slots=True)
class AppLogin:
    """Exchange the proof for the token of one installation."""

    installation: str

    def token(self, client: HttpClient) -> tuple[str, float]:
        """Return a token and for how long it is good (seconds); raises ``BadResponse`` without one."""
        words = {"installation": self.installation}
        data = client.query(TOKENS.path, {}, words, credential=APP).data
        token, until = (data.get("token"), data.get("expires_at")) if isinstance(data, dict) else (None, None)
        if not isinstance(token, str) or not isinstance(until, str) or not token:
            raise BadResponse("the answer holds no token", where=f"POST {TOKENS.path}")
        try:
            good_s = (datetime.fromisoformat(until) - clock.now()).total_seconds()
        except (ValueError, TypeError):
            raise BadResponse("the token's end is no time", where=f"POST {TOKENS.path}") from None
        return token, good_s
