"""SAP's refusals: the error form of OData V2, and the pages of what stands around the gateway.

Facts: the error schema of API_SALES_ORDER_SRV's OpenAPI file; SAP Gateway help on idempotent services; message VL 045
as SAP's community quotes it.  Other message numbers are general knowledge (README.md marks them).
"""

from collections.abc import Sequence

from simulators.core.exchange import Answer, json_answer

BUSINESS_EXCEPTION = "/IWBEP/CX_MGW_BUSI_EXCEPTION"


class ODataError(Exception):
    """Any answer but success."""

    def __init__(self, status: int, code: str, message: str, details: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    def answer(self) -> Answer:
        details = [
            {"code": code, "message": text, "propertyref": "", "severity": "error", "target": ""}
            for code, text in (*self.details, (BUSINESS_EXCEPTION, "An exception was raised"))
        ]
        inner = {
            "application": {
                "component_id": "SD-SLS",
                "service_namespace": "/SAP/",
                "service_id": "API_SALES_ORDER_SRV",
                "service_version": "0001",
            },
            "transactionid": "0" * 32,
            "errordetails": details,
        }
        message = {"lang": "en", "value": self.message}
        return json_answer(self.status, {"error": {"code": self.code, "message": message, "innererror": inner}})


def business(code: str, message: str, *more: tuple[str, str]) -> ODataError:
    """A reject: the first message is the error itself, all of them are details."""
    return ODataError(400, code, message, ((code, message), *more))


def malformed(message: str) -> ODataError:
    return ODataError(400, "005056A509B11EE1B9A8FEC11C21578E", message)


def locked(number: str, user: str) -> ODataError:
    return business("VL/045", f"The sales order {number} is currently being processed by user {user}")


def not_found() -> ODataError:
    return ODataError(404, "/IWBEP/CM_MGW_RT/020", "Resource not found for segment 'A_SalesOrderType'")


def outdated() -> ODataError:
    text = "NetWeaver 'Idempotent Service Framework': RequestID is outdated"
    return ODataError(400, "/IWBEP/CM_COS/005", text)


def masked() -> ODataError:
    """A dump behind a message that says nothing."""
    return ODataError(400, "SY/530", "An exception was raised")


def token_required() -> Answer:
    """The guard stands before the service, so its answer is no OData."""
    return Answer(
        403, b"CSRF token validation failed", {"x-csrf-token": "Required"}, content_type="text/plain; charset=utf-8"
    )


def logon_failed() -> Answer:
    page = b"<html><head><title>Logon Error Message</title></head><body>Logon failed</body></html>"
    headers = {"www-authenticate": 'Basic realm="SAP NetWeaver Application Server"'}
    return Answer(401, page, headers, content_type="text/html; charset=utf-8")


def page(status: int) -> Answer:
    """What the web dispatcher in front of SAP sends."""
    text = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return Answer(status, text.encode(), content_type="text/html; charset=utf-8")
