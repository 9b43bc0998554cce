"""What a complete answer means where the vendor says nothing more exact: status → class of the tree, and Retry-After.

Connectors ask their own rules first and fall back to `refusal`.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from connectors.core.calls import Answer, Call
from connectors.core.errors import (
    ConfigurationError,
    ConflictError,
    ConnectorError,
    NotFoundError,
    PermanentError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from connectors.core.failures import broken_off

# A gateway that answers sooner has not waited for the application, so nothing was done (DESIGN section 2, rule 5).
PROMPT = timedelta(seconds=5)

_LONGEST_DETAIL = 500

Rule = Callable[[str, Call, Answer], ConnectorError]


def is_success(answer: Answer) -> bool:
    return HTTPStatus(200) <= answer.status < HTTPStatus(300)


def refusal(call: Call, answer: Answer, detail: str) -> ConnectorError:
    """The error for an answer that is not a success; `detail` is what the target said, shortened here."""
    message = f"{call.operation} answered {answer.status}: {shorten(detail)}"
    return _rule_of(answer.status)(message, call, answer)


def shorten(text: str) -> str:
    """Fit for an error message: one line, printable, bounded."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= _LONGEST_DETAIL else f"{line[:_LONGEST_DETAIL]}…"


def gateway(message: str, call: Call, answer: Answer) -> ConnectorError:
    """502, 503, 504 and their like: who answered is not the application; the time tells whether that was asked."""
    if call.effect and answer.took > PROMPT:
        return UnknownOutcomeError(message, status=answer.status)
    return TargetUnavailableError(message, retry_after=answer.retry_after, status=answer.status)


def _rate_limited(message: str, _: Call, answer: Answer) -> ConnectorError:
    return RateLimitedError(message, retry_after=answer.retry_after, status=answer.status)


def _unfinished(message: str, call: Call, answer: Answer) -> ConnectorError:
    error = broken_off(message, call)
    error.status = answer.status
    return error


def _plain(kind: type[ConnectorError]) -> Rule:
    def rule(message: str, _: Call, answer: Answer) -> ConnectorError:
        return kind(message, status=answer.status)

    return rule


def _rule_of(status: int) -> Rule:
    return _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, _plain(ConfigurationError))


_BY_STATUS: dict[int, Rule] = {
    HTTPStatus.UNAUTHORIZED: _plain(UnauthorizedError),
    HTTPStatus.FORBIDDEN: _plain(UnauthorizedError),
    HTTPStatus.NOT_FOUND: _plain(NotFoundError),
    HTTPStatus.GONE: _plain(NotFoundError),
    HTTPStatus.METHOD_NOT_ALLOWED: _plain(ConfigurationError),
    HTTPStatus.NOT_ACCEPTABLE: _plain(ConfigurationError),
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: _plain(UnauthorizedError),
    HTTPStatus.REQUEST_TIMEOUT: _unfinished,
    HTTPStatus.CONFLICT: _plain(ConflictError),
    HTTPStatus.PRECONDITION_FAILED: _plain(ConflictError),
    HTTPStatus.MISDIRECTED_REQUEST: _plain(ConfigurationError),
    HTTPStatus.LOCKED: _plain(ConflictError),
    HTTPStatus.TOO_EARLY: gateway,
    HTTPStatus.TOO_MANY_REQUESTS: _rate_limited,
    HTTPStatus.BAD_REQUEST: _plain(RejectedPayloadError),
    HTTPStatus.UNPROCESSABLE_ENTITY: _plain(RejectedPayloadError),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _plain(RejectedPayloadError),
    HTTPStatus.REQUEST_URI_TOO_LONG: _plain(RejectedPayloadError),
    HTTPStatus.INTERNAL_SERVER_ERROR: _unfinished,
    HTTPStatus.NOT_IMPLEMENTED: _plain(ConfigurationError),
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: _plain(ConfigurationError),
}

# 3xx: redirects are not followed, so the configured address is wrong.  1xx and 2xx never come here as refusals.
_BY_CLASS: dict[int, Rule] = {
    3: _plain(ConfigurationError),
    4: _plain(PermanentError),
    5: gateway,
}


def retry_after(value: str | None, *, now: datetime, longest: timedelta) -> timedelta | None:
    """How long the target asks us to wait: seconds or an HTTP date (RFC 9110, 10.2.3), at most `longest`.

    A time that has passed is zero; what is no waiting time at all (negative, words) is None: the caller's own delay
    holds.
    """
    wait = _seconds(value) if value is not None else None
    if wait is None and value is not None:
        wait = _until(value, now)
    return None if wait is None else min(wait, longest)


def _seconds(value: str) -> timedelta | None:
    digits = value.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    # 12 digits are 30,000 years: beyond that a timedelta would overflow.
    return timedelta(seconds=int(digits[:12])) if len(digits) <= 12 else timedelta.max


def _until(value: str, now: datetime) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(value.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(aware - now, timedelta())
