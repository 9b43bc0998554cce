"""One method per endpoint of the services of what follows from orders, which are only read."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from connectors.core.bodies import UnfitAnswerError
from connectors.core.calls import Query
from connectors.core.errors import TargetUnavailableError
from connectors.core.paths import path
from connectors.sap_s4hana import document_wire as wire
from connectors.sap_s4hana.client import SalesOrderClient, key_text
from connectors.sap_s4hana.settings import Settings
from connectors.sap_s4hana.wire import One, Page

T = TypeVar("T")

RETURNS: Final = "sap/opu/odata/sap/API_CUSTOMER_RETURN_SRV"
BILLING: Final = "sap/opu/odata/sap/API_BILLING_DOCUMENT_SRV"
WITH_ITEMS: Final = 50
"""Documents of one page: each may have a thousand items, and an answer has a bound."""
REQUESTS: Final = "sap/opu/odata/sap/API_CREDIT_MEMO_REQUEST_SRV"


class DocumentClient:
    """Heads come with their items, so that a list says all that is asked of its documents."""

    def __init__(self, orders: SalesOrderClient, settings: Settings) -> None:
        self._orders = orders
        self._settings = settings

    async def changed_returns(self, since: str, *, skip: int) -> Page[wire.ReturnRow]:
        """GET A_CustomerReturn of our sales organization, changed at that time or later, oldest change first."""
        query = self._changed(since, "CustomerReturn", wire.ReturnRow, wire.ReturnItemRow)
        of = ("list-changed-returns", RETURNS, "/A_CustomerReturn")
        return await self._with_items(lambda page: self._list(*of, (*query, *page), wire.decode_returns), skip)

    async def customer_return(self, number: str) -> wire.ReturnRow:
        """GET A_CustomerReturn('n').

        Raises:
            NotFoundError: no such return.
        """
        below = path("/A_CustomerReturn('{CustomerReturn}')", CustomerReturn=key_text(number))
        query = _with_items(wire.ReturnRow, wire.ReturnItemRow)
        return (await self._orders.read("read-return", below, query, wire.decode_return, service=RETURNS)).d

    async def changed_billings(self, since: str, *, skip: int) -> Page[wire.BillingRow]:
        """GET A_BillingDocument of our sales organization, changed at that time or later, oldest change first."""
        query = self._changed(since, "BillingDocument", wire.BillingRow, wire.BillingItemRow)
        of = ("list-changed-billings", BILLING, "/A_BillingDocument")
        return await self._with_items(lambda page: self._list(*of, (*query, *page), wire.decode_billings), skip)

    async def billing(self, number: str) -> wire.BillingRow:
        """GET A_BillingDocument('n').

        Raises:
            NotFoundError: no such billing document.
        """
        below = path("/A_BillingDocument('{BillingDocument}')", BillingDocument=key_text(number))
        query = _with_items(wire.BillingRow, wire.BillingItemRow)
        return (await self._orders.read("read-billing", below, query, wire.decode_billing, service=BILLING)).d

    async def credit_request(self, number: str) -> wire.RequestRow:
        """GET A_CreditMemoRequest('n').

        Raises:
            NotFoundError: no such credit memo request.
        """
        below = path("/A_CreditMemoRequest('{CreditMemoRequest}')", CreditMemoRequest=key_text(number))
        query = _with_items(wire.RequestRow, wire.RequestItemRow)
        return (await self._orders.read("read-credit-request", below, query, wire.decode_request, service=REQUESTS)).d

    async def check_credit_requests(self) -> None:
        """GET A_CreditMemoRequest, one number at most."""
        query, decode = _one("CreditMemoRequest"), wire.decode_requests
        await self._list("check-credit-requests", REQUESTS, "/A_CreditMemoRequest", query, decode)

    async def check_returns(self) -> None:
        """GET A_CustomerReturn, one number at most."""
        await self._list("check-returns", RETURNS, "/A_CustomerReturn", _one("CustomerReturn"), wire.decode_returns)

    async def check_billing(self) -> None:
        """GET A_BillingDocument, one number at most."""
        await self._list("check-billing", BILLING, "/A_BillingDocument", _one("BillingDocument"), wire.decode_billings)

    async def _list(
        self, operation: str, service: str, below: str, query: Query, decode: Callable[[bytes], One[Page[T]]]
    ) -> Page[T]:
        return (await self._orders.read(operation, path(below), query, decode, service=service)).d

    async def _with_items(self, read: Callable[[Query], Awaitable[Page[T]]], skip: int) -> Page[T]:
        """A page; by halves where an answer is longer than is taken, so that it is not asked for in vain for ever."""
        rows = min(WITH_ITEMS, self._settings.page_size)
        while True:
            try:
                return await read(self._orders.page(skip, rows))
            except TargetUnavailableError as error:
                if rows == 1 or not isinstance(error.__cause__, UnfitAnswerError):
                    raise
            rows //= 2

    def _changed(self, since: str, number: str, head: type[wire.Row], item: type[wire.Row]) -> Query:
        ours = key_text(self._settings.sales_organization)
        return (
            ("$filter", f"LastChangeDateTime ge datetimeoffset'{since}' and SalesOrganization eq '{ours}'"),
            *_with_items(head, item),
            ("$orderby", f"LastChangeDateTime,{number}"),
        )


def _with_items(head: type[wire.Row], item: type[wire.Row]) -> Query:
    own = [name for name in wire.fields(head) if not name.startswith("to_")]
    below = [f"to_Item/{name}" for name in wire.fields(item)]
    return (("$select", ",".join((*own, *below))), ("$expand", "to_Item"))


def _one(number: str) -> Query:
    return (("$select", number), ("$top", "1"), ("$inlinecount", "allpages"))
