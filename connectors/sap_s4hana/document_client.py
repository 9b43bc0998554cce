"""One method per endpoint of the services of what follows from orders, which are only read."""

from collections.abc import Callable
from typing import Final, TypeVar

from connectors.core.calls import Query
from connectors.core.paths import path
from connectors.sap_s4hana import document_wire as wire
from connectors.sap_s4hana.client import SalesOrderClient, key_text
from connectors.sap_s4hana.settings import Settings
from connectors.sap_s4hana.wire import One, Page

T = TypeVar("T")

RETURNS: Final = "sap/opu/odata/sap/API_CUSTOMER_RETURN_SRV"
BILLING: Final = "sap/opu/odata/sap/API_BILLING_DOCUMENT_SRV"
REQUESTS: Final = "sap/opu/odata/sap/API_CREDIT_MEMO_REQUEST_SRV"


class DocumentClient:
    """Heads come with their items, so that a list says all that is asked of its documents."""

    def __init__(self, orders: SalesOrderClient, settings: Settings) -> None:
        self._orders = orders
        self._settings = settings

    async def changed_returns(self, since: str, *, skip: int) -> Page[wire.ReturnRow]:
        """GET A_CustomerReturn of our sales organization, changed at that time or later, oldest change first."""
        query = self._changed(since, "CustomerReturn", skip, wire.ReturnRow, wire.ReturnItemRow)
        return await self._list("list-changed-returns", RETURNS, "/A_CustomerReturn", query, wire.decode_returns)

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
        query = self._changed(since, "BillingDocument", skip, wire.BillingRow, wire.BillingItemRow)
        return await self._list("list-changed-billings", BILLING, "/A_BillingDocument", query, wire.decode_billings)

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

    def _changed(self, since: str, number: str, skip: int, head: type[wire.Row], item: type[wire.Row]) -> Query:
        ours = key_text(self._settings.sales_organization)
        return (
            ("$filter", f"LastChangeDateTime ge datetimeoffset'{since}' and SalesOrganization eq '{ours}'"),
            *_with_items(head, item),
            ("$orderby", f"LastChangeDateTime,{number}"),
            *self._orders.page(skip),
        )


def _with_items(head: type[wire.Row], item: type[wire.Row]) -> Query:
    own = [name for name in wire.fields(head) if not name.startswith("to_")]
    below = [f"to_Item/{name}" for name in wire.fields(item)]
    return (("$select", ",".join((*own, *below))), ("$expand", "to_Item"))


def _one(number: str) -> Query:
    return (("$select", number), ("$top", "1"), ("$inlinecount", "allpages"))
