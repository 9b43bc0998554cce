"""Salesforce's refusals: a list of {message, errorCode, fields}.

Facts: developer.salesforce.com, REST API guide, page errorcodes.
"""

from collections.abc import Sequence

from simulators.core.exchange import Answer, json_answer


class ApiError(Exception):
    """Any answer but success; the same codes stand in the rows of a collection as `statusCode`."""

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, list(fields)

    def answer(self) -> Answer:
        return json_answer(self.status, [{"message": self.message, "errorCode": self.code, "fields": self.fields}])

    def row(self) -> dict[str, object]:
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}


class RefusedRowError(ApiError):
    """What is wrong with one record; alone it is a 400."""

    def __init__(self, code: str, message: str, *fields: str) -> None:
        super().__init__(400, code, message, fields)


def not_found() -> ApiError:
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def invalid_session() -> ApiError:
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def over_limit() -> ApiError:
    return ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def locked() -> RefusedRowError:
    return RefusedRowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
