"""Answers of the gateway: JSON, with what the sender must change; to a guesser nothing."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

import msgspec
from aiohttp import web

from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.metrics import GATEWAY_REFUSED
from streams.sources.json_form import FieldProblem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Server": "commerce-streams",
}
_LOG = logger("streams.gateway")


class Reason(StrEnum):
    """Why a request is refused, as metrics and log name it."""

    NOT_FOUND = "not-found"
    WRONG_METHOD = "wrong-method"
    UNKNOWN_CHANNEL = "unknown-channel"
    CONTENT_TYPE = "content-type"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    NOT_SIGNED = "not-signed"
    MALFORMED = "malformed"
    OTHER_CONTENT = "other-content"
    BUSY = "busy"
    STOPPING = "stopping"
    NOT_APPENDED = "not-appended"
    SHOP_AWAY = "shop-away"
    KEYS_AWAY = "keys-away"
    NOT_KNOWN = "not-known"
    TOO_MANY = "too-many"
    UNKNOWN_SKU = "unknown-sku"
    UNKNOWN_RESERVATION = "unknown-reservation"
    NOT_ENOUGH = "not-enough"
    ENDED = "ended"
    OTHER_REQUEST = "other-request"
    UNDECIDED = "undecided"
    FAULT = "fault"


STATUS: Mapping[Reason, int] = {
    Reason.NOT_FOUND: 404,
    Reason.WRONG_METHOD: 405,
    Reason.UNKNOWN_CHANNEL: 404,
    Reason.CONTENT_TYPE: 415,
    Reason.TOO_LARGE: 413,
    Reason.TOO_SLOW: 408,
    Reason.NOT_SIGNED: 401,
    Reason.MALFORMED: 400,
    Reason.OTHER_CONTENT: 409,
    Reason.BUSY: 503,
    Reason.STOPPING: 503,
    Reason.NOT_APPENDED: 503,
    Reason.SHOP_AWAY: 503,
    Reason.KEYS_AWAY: 503,
    Reason.NOT_KNOWN: 401,
    Reason.TOO_MANY: 429,
    Reason.UNKNOWN_SKU: 404,
    Reason.UNKNOWN_RESERVATION: 404,
    Reason.NOT_ENOUGH: 409,
    Reason.ENDED: 409,
    Reason.OTHER_REQUEST: 422,
    Reason.UNDECIDED: 503,
    Reason.FAULT: 500,
}
RETRY_AFTER_S: Mapping[Reason, int] = {
    Reason.BUSY: 1,
    Reason.STOPPING: 5,
    Reason.NOT_APPENDED: 5,
    Reason.SHOP_AWAY: 30,
    Reason.KEYS_AWAY: 60,
    Reason.TOO_MANY: 1,
    Reason.UNDECIDED: 1,
}
UNSIGNED = "The request is not signed as it must be; see docs/gateway.md."
CLOSES = frozenset({Reason.TOO_LARGE, Reason.TOO_SLOW, Reason.STOPPING})
"""After these nothing more is read of the connection."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was refused, in one sentence; `incident` finds the line in the log."""

    error: str
    fields: tuple[FieldProblem, ...] = ()
    incident: str = ""


class RefusedError(Exception):
    """A request that is not answered as asked; `told` goes into the log, never to the sender."""

    def __init__(
        self,
        reason: Reason,
        sentence: str,
        *,
        fields: tuple[FieldProblem, ...] = (),
        headers: Mapping[str, str] | None = None,
        told: str = "",
    ) -> None:
        super().__init__(sentence)
        self.reason, self.problem, self.told = reason, Problem(sentence, fields), told
        self.headers = dict(headers or {})
        if reason in RETRY_AFTER_S:
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_S[reason]))


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(value)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json", charset="utf-8")


async def set_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Called for every answer."""
    response.headers.update(HEADERS)


class Failures:
    """Every failure as an answer of ours, counted; of one reason at most one line a second is logged."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[Reason, tuple[float, int]] = {}

    async def turned(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What the handler answers, or why it does not.  Raises ConnectionError where the sender is gone."""
        try:
            return await handler(request)
        except RefusedError as error:
            return self._refused(error)
        except web.HTTPException as error:
            return self._refused(_of(error))
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001  the door to the sender: the next request is served
            incident = self._clock.nonce()[:8]
            GATEWAY_REFUSED.labels(Reason.FAULT).inc()
            _LOG.exception("request-failed", incident=incident)
            return json_answer(Problem(f"This failed here (incident {incident}).", incident=incident), 500)

    def _refused(self, error: RefusedError) -> web.Response:
        GATEWAY_REFUSED.labels(error.reason).inc()
        self._say(error)
        response = json_answer(error.problem, STATUS[error.reason], error.headers)
        if error.reason in CLOSES:
            response.force_close()
        return response

    def _say(self, error: RefusedError) -> None:
        """A flood of bad requests must not be a flood of lines."""
        now = self._clock.monotonic()
        said, held = self._said.get(error.reason, (now - 1, 0))
        if now - said < 1:
            self._said[error.reason] = (said, held + 1)
            return
        self._said[error.reason] = (now, 0)
        _LOG.warning("request-refused", reason=error.reason.value, why=error.told, held_back=held)


def _of(error: web.HTTPException) -> RefusedError:
    """What aiohttp itself refused, in our form."""
    if error.status == STATUS[Reason.WRONG_METHOD]:
        allowed = error.headers.get("Allow", "")
        return RefusedError(Reason.WRONG_METHOD, f"Use {allowed} for this address.", headers={"Allow": allowed})
    return RefusedError(Reason.NOT_FOUND, "Nothing stands at this address; orders go to /v1/orders/ and the channel.")
