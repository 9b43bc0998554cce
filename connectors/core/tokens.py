"""Requests for tokens: the calls behind `TokenCache`.  They have no effect, so a lost answer is just a failure."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from pydantic import SecretStr

from connectors.core.answers import is_success, refusal, shorten
from connectors.core.auth import Token
from connectors.core.calls import Answer, Call
from connectors.core.errors import ConfigurationError, ConnectorError, TargetUnavailableError, UnauthorizedError
from connectors.core.http import Sender
from connectors.core.paths import Path

T = TypeVar("T")

_REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class ClientCredentials:
    """OAuth 2 client credentials (RFC 6749, 4.4), with id and secret in the form."""

    def __init__(
        self, sender: Sender, token_path: Path, *, client_id: str, client_secret: SecretStr, scope: str
    ) -> None:
        self._sender = sender
        self._path = token_path
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope

    async def __call__(self) -> Token:
        form = {
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
            "grant_type": "client_credentials",
            "scope": self._scope,
        }
        call = Call(
            operation="sign-in",
            method="POST",
            path=self._path,
            effect=False,
            content_type="application/x-www-form-urlencoded",
            body=urlencode(form).encode(),
        )
        return await self._sender.send(call, lambda answer: read_sign_in(call, answer, _granted))


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: float


_grants = msgspec.json.Decoder(_Grant, strict=False)


def _granted(body: bytes) -> Token:
    grant = _grants.decode(body)
    if not grant.access_token:
        raise msgspec.ValidationError("an empty token")
    return Token(value=grant.access_token, life=timedelta(seconds=min(max(grant.expires_in, 0.0), 86_400.0 * 365)))


def read_sign_in(call: Call, answer: Answer, decode: Callable[[bytes], T]) -> T:
    """The token of a sign-in answer.

    Raises:
        UnauthorizedError: the credential was refused.
        ConfigurationError: there is no sign-in at this address.
        TransientError: anything that may pass.
    """
    if not is_success(answer):
        raise _refused(call, answer)
    try:
        return decode(answer.body)
    except (msgspec.DecodeError, ValueError) as exc:
        raise TargetUnavailableError(f"{call.operation} answered {answer.status} without a token") from exc


def _refused(call: Call, answer: Answer) -> ConnectorError:
    message = f"{call.operation} answered {answer.status}: {shorten(answer.body.decode(errors='replace'))}"
    if answer.status in _REFUSED:
        return UnauthorizedError(message, status=answer.status)
    if HTTPStatus(400) <= answer.status < HTTPStatus(500) and answer.status not in _PASSING:
        return ConfigurationError(message, status=answer.status)
    return refusal(call, answer, answer.body.decode(errors="replace"))
