"""One method per endpoint of SuiteTalk REST: values in, values out, errors from the tree."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TypeVar

from connectors.core.calls import Answer, Call, Query
from connectors.core.http import Sender
from connectors.core.paths import Path, path
from connectors.netsuite import answers, wire

T = TypeVar("T")

_ROOT = "/services/rest/record/v1/salesOrder"
_QUERY = "/services/rest/query/v1/suiteql"
_EXPANDED: Query = (("expandSubResources", "true"),)
# By default NetSuite drops what it does not know, without a word (REST API Browser 2026.1).
_STRICT = {"X-NetSuite-PropertyNameValidation": "Error", "X-NetSuite-PropertyValueValidation": "Error"}
_LOCATION = re.compile(r"/salesOrder/(\d+)/?$", re.IGNORECASE)


class NetSuiteClient:
    """Sales orders of one account, and what follows from them."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def save_order(self, external_id: str, order: wire.SalesOrder, *, hidden: Iterable[str]) -> str:
        """PUT salesOrder/eid:{externalId}: makes the order or replaces its fields and all its lines; its internal id.

        `replace=item`: without it the lines of a repeat would stand beside those of the first call.
        """
        call = Call(
            operation="save-sales-order",
            method="PUT",
            path=path(_ROOT + "/eid:{externalId}", externalId=external_id),
            effect=True,
            query=(("replace", "item"),),
            headers=_STRICT,
            body=wire.encode(order),
        )
        return await self._send(call, _internal_id, hidden=hidden)

    async def order_by_external_id(self, external_id: str) -> wire.SalesOrderRecord:
        """GET salesOrder/eid:{externalId} with its lines.

        Raises:
            NotFoundError: no such order.
        """
        route = path(_ROOT + "/eid:{externalId}", externalId=external_id)
        return await self._send(_get("find-sales-order", route, _EXPANDED), _record)

    async def order(self, internal_id: str) -> wire.SalesOrderRecord:
        """GET salesOrder/{id} with its lines.

        Raises:
            NotFoundError: no such order.
        """
        route = path(_ROOT + "/{id}", id=internal_id)
        return await self._send(_get("read-sales-order", route, _EXPANDED), _record)

    async def close_lines(self, internal_id: str, closing: wire.Closing) -> None:
        """PATCH salesOrder/{id}: closes the lines named by their keys; other lines and fields stay as they are."""
        call = Call(
            operation="close-sales-order-lines",
            method="PATCH",
            path=path(_ROOT + "/{id}", id=internal_id),
            effect=True,
            headers=_STRICT,
            body=wire.encode(closing),
        )
        await self._send(call, _done)

    async def first_order(self) -> wire.RecordList:
        """GET salesOrder with one link on the page: the cheapest read that needs the permission."""
        return await self._send(_get("list-sales-orders", path(_ROOT), (("limit", "1"),)), _list)

    async def changes(self, query: str, limit: int) -> wire.ChangePage:
        """POST suiteql: documents that changed (`connectors.netsuite.queries`), one page."""
        return await self._send(_ask("list-changes", query, limit), _changes)

    async def lines(self, query: str, limit: int) -> wire.LinePage:
        """POST suiteql: lines of documents, one page."""
        return await self._send(_ask("list-lines", query, limit), _lines)

    async def items(self, query: str, limit: int) -> wire.ItemPage:
        """POST suiteql: items (`connectors.netsuite.reference_queries`), one page."""
        return await self._send(_ask("list-items", query, limit), lambda answer: wire.decode_item_rows(answer.body))

    async def prices(self, query: str, limit: int) -> wire.PricePage:
        """POST suiteql: prices of some items, one page."""
        return await self._send(_ask("list-prices", query, limit), lambda answer: wire.decode_prices(answer.body))

    async def customers(self, query: str, limit: int) -> wire.CustomerPage:
        """POST suiteql: customers, one page."""
        return await self._send(_ask("list-customers", query, limit), lambda answer: wire.decode_customers(answer.body))

    async def held(self, query: str, limit: int) -> wire.HeldPage:
        """POST suiteql: sales orders by our ids, one page."""
        return await self._send(_ask("list-held", query, limit), lambda answer: wire.decode_held(answer.body))

    async def line_counts(self, query: str, limit: int) -> wire.LineCountPage:
        """POST suiteql: how many lines documents have, one page."""
        return await self._send(_ask("count-lines", query, limit), lambda answer: wire.decode_line_counts(answer.body))

    async def close(self) -> None:
        await self._sender.close()

    async def _send(self, call: Call, decode: Callable[[Answer], T], *, hidden: Iterable[str] = ()) -> T:
        return await self._sender.send(call, lambda answer: answers.read(call, answer, decode, hidden=hidden))


def _get(operation: str, route: Path, query: Query) -> Call:
    return Call(operation=operation, method="GET", path=route, effect=False, query=query)


def _ask(operation: str, query: str, limit: int) -> Call:
    """SuiteQL takes no query without `Prefer: transient`."""
    return Call(
        operation=operation,
        method="POST",
        path=path(_QUERY),
        effect=False,
        query=(("limit", str(limit)),),
        headers={"Prefer": "transient"},
        body=wire.encode(wire.Question(query)),
    )


def _internal_id(answer: Answer) -> str:
    """From the address of the record, which is all that an answer to a write holds."""
    found = _LOCATION.search(answer.headers.get("location", ""))
    if answer.status != HTTPStatus.NO_CONTENT or not found:
        raise ValueError("no address of a sales order")
    return found[1]


def _done(answer: Answer) -> None:
    if answer.status != HTTPStatus.NO_CONTENT:
        raise ValueError("not the answer to a change")


def _record(answer: Answer) -> wire.SalesOrderRecord:
    return wire.decode_record(answer.body)


def _list(answer: Answer) -> wire.RecordList:
    return wire.decode_list(answer.body)


def _changes(answer: Answer) -> wire.ChangePage:
    return wire.decode_changes(answer.body)


def _lines(answer: Answer) -> wire.LinePage:
    return wire.decode_lines(answer.body)
