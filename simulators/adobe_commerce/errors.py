"""Commerce's error bodies: placeholders stay raw in `message`, their values stand in `parameters`.

Facts: magento/magento2 lib/internal/Magento/Framework/Webapi/{ErrorProcessor.php,Rest/Response.php} (read, not run)
and AdobeDocs/commerce-webapi src/pages/get-started/gs-web-api-response.md.
"""

import random
from collections.abc import Sequence

from simulators.core.exchange import Answer, json_answer

Parameters = dict[str, object] | list[object]

INVALID_TYPE = 'The "{value}" value\'s type is invalid. The "{type}" type was expected. Verify and try again.'
REQUIRED = '"%fieldName" is required. Enter and try again.'
NO_SUCH_PRODUCT = "The product that was requested doesn't exist. Verify the product and try again."
NO_SUCH_ENTITY = "The entity that was requested doesn't exist. Verify the entity and try again."
NOT_AUTHORIZED = "The consumer isn't authorized to access %resources."
MASKED_SOURCE_ITEM = "Could not save Source Item"
MASKED_SHIPMENT = "Could not save a shipment, see error log for details"
MASKED_INVOICE = "Could not save an invoice, see error log for details"
MASKED_CREDIT_MEMO = "Could not save a Creditmemo, see error log for details"


class ApiError(Exception):
    """Any answer but success."""

    def __init__(
        self,
        status: int,
        message: str,
        parameters: Parameters | None = None,
        errors: Sequence[tuple[str, Parameters]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters
        self.errors = errors

    def answer(self) -> Answer:
        body: dict[str, object] = {"message": self.message}
        if self.errors:
            body["errors"] = [{"message": text, "parameters": values} for text, values in self.errors]
        if self.parameters:
            body["parameters"] = self.parameters
        return json_answer(self.status, body)


class FatalError(Exception):
    """A PHP error instead of an exception: another shape of body."""

    def answer(self) -> Answer:
        error = {"code": 500, "message": "Server internal error. See details in report api/1"}
        return json_answer(500, {"messages": {"error": [error]}})


def invalid_type(value: str, expected: str) -> str:
    return INVALID_TYPE.format(value=value, type=expected)


def missing(fields: Sequence[str]) -> ApiError:
    """Required parameters that are not there: one is the message itself, several are a list."""
    if len(fields) == 1:
        return ApiError(400, REQUIRED, {"fieldName": fields[0]})
    errors: list[tuple[str, Parameters]] = [(REQUIRED, {"fieldName": field}) for field in fields]
    return ApiError(400, "One or more input exceptions have occurred.", errors=errors)


def internal(rng: random.Random) -> ApiError:
    """Any exception that is not meant for the client, in production mode."""
    report = f"webapi-{rng.getrandbits(52):013x}"
    return ApiError(500, f"Internal Error. Details are available in Magento log file. Report ID: {report}")


def not_authorized(resource: str) -> ApiError:
    """Both an unusable token and a missing permission: Commerce does not tell them apart."""
    return ApiError(401, NOT_AUTHORIZED, {"resources": resource})


def gateway_page(status: int) -> Answer:
    """What a cache or gateway in front of Commerce sends: HTML, not Commerce's JSON."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return Answer(status, page.encode(), content_type="text/html; charset=utf-8")
