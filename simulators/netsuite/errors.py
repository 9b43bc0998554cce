"""NetSuite's error bodies.

Form and the first two texts: Oracle's help, section_156570709583.  Other texts are general knowledge; README.md says
which.
"""

from typing import NamedTuple

from simulators.core.exchange import Answer, json_answer

TYPE = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
CONTENT_TYPE = "application/vnd.oracle.resource+json; type=error; charset=UTF-8"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Trouble(NamedTuple):
    """One entry of o:errorDetails."""

    code: str
    detail: str
    path: str = ""
    header: str = ""


class ApiError(Exception):
    """Any answer but success."""

    def __init__(self, status: int, *troubles: Trouble, headers: dict[str, str] | None = None) -> None:
        super().__init__(troubles[0].detail)
        self.status = status
        self.troubles = troubles
        self.headers = headers or {}

    def answer(self) -> Answer:
        body = {
            "type": TYPE,
            "title": TITLES.get(self.status, "Error"),
            "status": self.status,
            "o:errorDetails": [_shown(one) for one in self.troubles],
        }
        answer = json_answer(self.status, body, self.headers)
        return Answer(answer.status, answer.body, answer.headers, CONTENT_TYPE)


def _shown(trouble: Trouble) -> dict[str, str]:
    named = {"o:errorPath": trouble.path, "o:errorHeader": trouble.header}
    return {
        "detail": trouble.detail,
        "o:errorCode": trouble.code,
        **{name: value for name, value in named.items() if value},
    }


def invalid(path: str, value: object) -> Trouble:
    """A value that a field does not take: an unknown record, another type."""
    field = path.rpartition(".")[2].partition("[")[0]
    detail = (
        f"Error while accessing resource: You have entered an Invalid Field Value {value} for the following field: "
        f"{field}"
    )
    return Trouble("INVALID_CONTENT", detail, path)


def missing(path: str) -> Trouble:
    return Trouble("USER_ERROR", f"Error while accessing resource: Please enter value(s) for: {path}", path)


def user_error(detail: str, path: str = "") -> ApiError:
    """What a form of NetSuite would say on saving."""
    return ApiError(400, Trouble("USER_ERROR", f"Error while accessing resource: {detail}", path))


def invalid_login() -> ApiError:
    detail = (
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > Users/Roles "
        "> User Management > View Login Audit Trail."
    )
    return ApiError(401, Trouble("INVALID_LOGIN", detail))


def not_permitted(permission: str) -> ApiError:
    detail = (
        f"Permission Violation: You need the '{permission}' permission to access this page. "
        "Please contact your account administrator."
    )
    return ApiError(403, Trouble("INSUFFICIENT_PERMISSION", detail))


def no_record() -> ApiError:
    return ApiError(
        404, Trouble("NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.")
    )


def no_resource(path: str) -> ApiError:
    return ApiError(404, Trouble("INVALID_URL", f"Invalid resource path {path}."))


def too_many_calls(retry_after_s: int | None) -> ApiError:
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    detail = "Concurrent request limit exceeded. Request blocked."
    return ApiError(429, Trouble("CONCURRENCY_LIMIT_EXCEEDED", detail), headers=headers)
