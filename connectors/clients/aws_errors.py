"""Turn what botocore raises into the errors of :mod:`connectors.errors`.

**Source:** error codes of the AWS common errors page and of the service models in botocore 1.44.5, read
2026-11-20.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import cache
from typing import Any

from connectors.errors import (
    Absent,
    AuthError,
    ConfigError,
    ConnectorError,
    NoteAndGoOn,
    NotEnabled,
    NotOffered,
    NotOptedIn,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from connectors.secrets import HIDDEN

_DENIED = {
    *(
        "UnauthorizedOperation",
        "NotAuthorized",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
    ),
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN_KEY = {"UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "InvalidAccessKeyId"}
_BAD_SIGNATURE = {
    *(
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
        "MissingAuthenticationToken",
    ),
}
_THROTTLED = {
    *("TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "PriorRequestNotComplete"),
    "LimitExceededException",
}
_ABSENT = {
    *("ResourceNotFoundException", "ResourceNotFound", "NotFoundException"),
    "ClusterNotFoundException",
}
_REJECTED = {
    *("ValidationException", "ValidationError", "InvalidParameterException", "InvalidParameterValue"),
    *("BadRequestException", "InvalidRequestException"),
    "ClientException",  # what ECS says of a task definition that was deleted
}
_NOT_HERE = (
    *("not supported in this region", "not available in this region", "not supported in region"),
    "unsupported region",
)
_UNKNOWN_OPERATION = {
    "UnknownOperationException",
    *("TypeNotFoundException", "UnsupportedActionException"),  # what Cloud Control says of a type it has not
}
_NOT_ENABLED = {
    *("SubscriptionRequiredException", "OptInRequiredException", "NotSubscribedException"),
    "AWSOrganizationsNotInUseException",
}
_SIGN_IN = "Sign in again (aws sso login) or renew the keys."
_NO_CREDENTIALS = (
    "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or this connector's option profile."
)


class Unreadable(NoteAndGoOn):
    """One operation's answer is not what the service's model says; the other operations are still asked."""


class Rejected(NoteAndGoOn):
    """The service understood the request and refuses its parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked when it went wrong, and what is known about the place.

    ``permission`` is the IAM action; ``is_default_region`` says that the region needs no opt-in;
    ``is_known_endpoint`` that the service surely exists there, so that a name that does not resolve
    is a matter of our network.
    """

    service: str
    operation: str
    account: str
    region: str
    permission: str
    is_default_region: bool
    is_known_endpoint: bool

    @property
    def where(self) -> str:
        """Return the place as text."""
        return f"{self.service}.{self.operation} in {self.account or 'the own account'}/{self.region}"


@cache
def their_errors() -> tuple[type[Exception], ...]:
    """Return the base classes of what botocore raises, for an ``except`` clause."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return (BotoCoreError, ClientError, ResponseParserError)


# A refused signature is answered with the request as AWS read it, session token and all.
_SESSION_TOKEN = re.compile(r"(?i)(?<=x-amz-security-token)\s*[:=]\s*[^\s&'\"]+")


def translate(error: Exception, asked: Asked) -> ConnectorError:
    """Return our error for one of :func:`their_errors`."""
    from botocore.exceptions import ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ResponseParserError):
        return Unreadable("the answer is not what the service's model says", where=asked.where)
    return _from_answer(error, asked) if isinstance(error, ClientError) else _from_client(error, asked)


def _from_answer(error: Any, asked: Asked) -> ConnectorError:
    """Judge by the service's own code; the message only tells two cases that share a code apart."""
    details = error.response.get("Error", {})
    code = str(details.get("Code", ""))
    message = _SESSION_TOKEN.sub(HIDDEN, str(details.get("Message", "")))[:300]
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    known = _by_code(code, message, asked)
    if known is not None:
        return known
    if status >= 500:
        return Unavailable(f"the service failed with {code} (HTTP {status})", where=asked.where)
    if status == 429:
        return RateLimited(f"too many requests: {code}", where=asked.where)
    return NoteAndGoOn(f"the service answered {code} (HTTP {status}): {message}", where=asked.where)


def _by_code(code: str, message: str, asked: Asked) -> ConnectorError | None:
    if code.startswith("AccessDenied") or code in _DENIED:
        hint = f"Allow the IAM action {asked.permission}." if asked.permission else ""
        return PermissionDenied(f"{code}: {message}", where=asked.where, hint=hint)
    if code.startswith("Throttl") or code in _THROTTLED:
        return RateLimited(f"too many requests: {code}", where=asked.where)
    if code in _EXPIRED:
        return AuthError(f"the credential has expired: {code}", where=asked.where, hint=_SIGN_IN)
    if code == "OptInRequired":
        return NotOptedIn(f"{code}: {message}", where=asked.where)
    if code in _UNKNOWN_KEY:
        return _unknown_key(code, asked)
    if code in _BAD_SIGNATURE:
        return AuthError(f"{code}: {message}", where=asked.where, hint="Check the secret key and the clock.")
    if code in _NOT_ENABLED:
        return NotEnabled(f"{code}: {message}", where=asked.where)
    if code in _ABSENT:
        return Absent(f"{code}: {message}", where=asked.where)
    if any(text in message.lower() for text in _NOT_HERE) or code in _UNKNOWN_OPERATION:
        return NotOffered(f"{code}: {message}", where=asked.where)
    if code in _REJECTED:
        return Rejected(f"{code}: {message}", where=asked.where)
    return None


def _unknown_key(code: str, asked: Asked) -> ConnectorError:
    """A key that is unknown in a region which needs an opt-in is a region not opted in to."""
    if asked.is_default_region:
        return AuthError(f"AWS does not know the access key: {code}", where=asked.where, hint=_NO_CREDENTIALS)
    return NotOptedIn(
        f"the account has not opted in to this region: {code}",
        where=asked.where,
        hint="Leave the region out, or enable it in the account.",
    )


def _from_client(error: Any, asked: Asked) -> ConnectorError:
    from botocore import exceptions as their

    text, where = f"{type(error).__name__}: {str(error)[:300]}", asked.where
    if isinstance(error, their.EndpointConnectionError):
        return _unreachable(error, asked)
    if isinstance(error, their.NoCredentialsError | their.PartialCredentialsError):
        return AuthError("no AWS credentials were found", where=where, hint=_NO_CREDENTIALS)
    if isinstance(error, their.ProfileNotFound | their.ConfigParseError | their.InvalidConfigError):
        return ConfigError(text, where=where, hint="Check AWS_PROFILE, the option profile and ~/.aws/config.")
    if isinstance(error, their.CredentialRetrievalError | their.SSOError | their.TokenRetrievalError):
        return AuthError(text, where=where, hint=_SIGN_IN)
    if isinstance(error, their.UnknownServiceError | their.UnknownEndpointError):
        return NoteAndGoOn(text, where=where, hint="Upgrade boto3.")
    if isinstance(error, their.SSLError):
        return Unavailable(text, where=where, hint="Set [network] ca_bundle to the private CA's PEM file.")
    if isinstance(error, their.ParamValidationError):
        return Rejected(text, where=where)
    if isinstance(error, their.HTTPClientError | their.ConnectionError | their.IncompleteReadError):
        return Unavailable(text, where=where, hint="Check the network, [network] proxy and the endpoint.")
    return NoteAndGoOn(text, where=where)


def _unreachable(error: Any, asked: Asked) -> ConnectorError:
    """Tell "AWS has no such endpoint" from "we have no network": both look like a failed look-up."""
    reason = error.kwargs.get("error")
    is_lookup = "NameResolution" in type(reason).__name__ or "gaierror" in type(reason).__name__
    if is_lookup and not asked.is_known_endpoint and not _may_pass(reason):
        return NotOffered("the service has no endpoint in this region", where=asked.where)
    return Unavailable(
        f"the endpoint {error.kwargs.get('endpoint_url')} cannot be reached",
        where=asked.where,
        hint="Check the network, [network] proxy and AWS_ENDPOINT_URL.",
    )


def _may_pass(reason: BaseException | None) -> bool:
    """Say whether a name server was the trouble, and not the name."""
    while reason is not None:
        if isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_AGAIN:
            return True
        reason = reason.__cause__
    return False
