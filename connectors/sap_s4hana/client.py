"""One method per endpoint of API_SALES_ORDER_SRV: values in, values out, errors from the tree.

`read` and `page` serve the services beside it (`document_client.py`), too.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeVar, final

import msgspec

from connectors.core import answers as plain_answers
from connectors.core.bodies import mask
from connectors.core.calls import Answer, Call, Method, Query
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.paths import Path, path
from connectors.sap_s4hana import answers, csrf, wire
from connectors.sap_s4hana.settings import Settings

T = TypeVar("T")

SERVICE = "sap/opu/odata/sap/API_SALES_ORDER_SRV"
_ORDER = (
    "SalesOrder,PurchaseOrderByCustomer,OverallSDProcessStatus,OverallSDDocumentRejectionSts,"
    "TotalCreditCheckStatus,TotalBlockStatus,OverallTotalDeliveryStatus"
)
_ITEM = "SalesOrderItem,SalesDocumentRjcnReason,DeliveryStatus,to_ScheduleLine,to_SubsequentProcFlowDocItem"
_ITEM_PARTS = "to_ScheduleLine,to_SubsequentProcFlowDocItem"


_CHANGED = f"{_ORDER},LastChangeDateTime,to_Text"
_CHANGED_ITEM = f"{_ITEM},Material,RequestedQuantity,to_Text"
_LANGUAGE = {"Accept-Language": "en"}


@final
class _Refused:
    """The write was not looked at: its token was stale."""


_REFUSED: Final = _Refused()


class SalesOrderClient:
    """Every call carries what SAP wants to see: client, language, and for writes the token with its cookies."""

    def __init__(self, sender: Sender, settings: Settings) -> None:
        self._sender = sender
        self._settings = settings
        self._sessions = csrf.SessionKeeper(self._fetch_session)

    async def create_order(
        self, body: bytes, *, repeatable: Mapping[str, str], private: tuple[str, ...]
    ) -> wire.OrderRow | None:
        """POST A_SalesOrder: NOT safe to repeat; None where a repeated request was carried out before.

        `private` is masked in what SAP says of a refusal.

        Raises:
            UnknownOutcomeError: also for every 5xx and for a masked failure.
        """
        call = self._write("create-order", "POST", "/A_SalesOrder", body, repeatable)

        def read(answer: Answer) -> wire.OrderRow | None:
            if answers.is_done_already(answer):
                return None
            if not plain_answers.is_success(answer):
                raise answers.creation_refusal(call, answer, self._settings.lock_codes)
            return answers.read(call, answer, wire.decode_order).d

        return await self._send_write(call, read, private)

    async def orders(self, filter_: str, *, skip: int) -> wire.Page[wire.OrderRow]:
        """GET A_SalesOrder, one page in the order of their numbers."""
        query = (("$filter", filter_), ("$select", _ORDER), ("$orderby", "SalesOrder"), *self.page(skip))
        return (await self.read("list-orders", path("/A_SalesOrder"), query, wire.decode_orders)).d

    async def held_orders(self, filter_: str, *, skip: int) -> wire.Page[wire.OrderRow]:
        """GET A_SalesOrder with the numbers of its items, one page in the order of their numbers."""
        query = (
            ("$filter", filter_),
            ("$select", f"{_ORDER},TransactionCurrency,to_Item/SalesOrderItem"),
            ("$expand", "to_Item"),
            ("$orderby", "SalesOrder"),
            *self.page(skip),
        )
        return (await self.read("list-held-orders", path("/A_SalesOrder"), query, wire.decode_orders)).d

    async def changed_orders(self, since: str, *, skip: int) -> wire.Page[wire.OrderRow]:
        """GET A_SalesOrder changed at that time (ISO 8601, UTC) or later, with texts, one page, oldest change first."""
        query = (
            ("$filter", f"LastChangeDateTime ge datetimeoffset'{since}'"),
            ("$select", _CHANGED),
            ("$expand", "to_Text"),
            ("$orderby", "LastChangeDateTime,SalesOrder"),
            *self.page(skip),
        )
        return (await self.read("list-changed-orders", path("/A_SalesOrder"), query, wire.decode_orders)).d

    async def changed_items(self, number: str, *, skip: int) -> wire.Page[wire.ItemRow]:
        """GET A_SalesOrder('n')/to_Item with schedule lines, process flow and texts, one page."""
        below = path("/A_SalesOrder('{SalesOrder}')/to_Item", SalesOrder=key_text(number))
        parts = f"{_ITEM_PARTS},to_Text"
        query = (("$select", _CHANGED_ITEM), ("$expand", parts), ("$orderby", "SalesOrderItem"), *self.page(skip))
        return (await self.read("list-changed-items", below, query, wire.decode_items)).d

    async def order(self, number: str) -> wire.OrderRow:
        """GET A_SalesOrder('n').

        Raises:
            NotFoundError: no such order.
        """
        below = path("/A_SalesOrder('{SalesOrder}')", SalesOrder=key_text(number))
        return (await self.read("read-order", below, (("$select", _ORDER),), wire.decode_order)).d

    async def told_order(self, number: str) -> wire.OrderRow:
        """GET A_SalesOrder('n') with texts.

        Raises:
            NotFoundError: no such order.
        """
        below = path("/A_SalesOrder('{SalesOrder}')", SalesOrder=key_text(number))
        query = (("$select", _CHANGED), ("$expand", "to_Text"))
        return (await self.read("read-told-order", below, query, wire.decode_order)).d

    async def items(self, number: str, *, skip: int) -> wire.Page[wire.ItemRow]:
        """GET A_SalesOrder('n')/to_Item with schedule lines and process flow, one page in the order of numbers."""
        below = path("/A_SalesOrder('{SalesOrder}')/to_Item", SalesOrder=key_text(number))
        query = (("$select", _ITEM), ("$expand", _ITEM_PARTS), ("$orderby", "SalesOrderItem"), *self.page(skip))
        return (await self.read("list-items", below, query, wire.decode_items)).d

    async def reject_item(self, number: str, item: str, *, etag: str | None, reason: str) -> str | None:
        """PATCH A_SalesOrderItem: absolute, so safe to repeat; the order's new etag where SAP tells it.

        Raises:
            ConflictError: somebody changed the order since it was read.
        """
        call = self._write(
            "reject-item",
            "PATCH",
            "/A_SalesOrderItem(SalesOrder='{SalesOrder}',SalesOrderItem='{SalesOrderItem}')",
            wire.encode(wire.One(wire.RejectionBody(sales_document_rjcn_reason=reason))),
            {"If-Match": etag} if etag else {},
            SalesOrder=key_text(number),
            SalesOrderItem=key_text(item),
        )

        def read(answer: Answer) -> str | None:
            if not plain_answers.is_success(answer):
                raise answers.refusal(call, answer, self._settings.lock_codes)
            answers.read(call, answer, _nothing_or_json)
            return answer.headers.get("etag") or None

        return await self._send_write(call, read, ())

    async def check(self) -> None:
        """GET A_SalesOrder, one number at most."""
        query = (("$select", "SalesOrder"), ("$top", "1"), ("$inlinecount", "allpages"))
        await self.read("check", path("/A_SalesOrder"), query, wire.decode_orders)

    async def close(self) -> None:
        await self._sender.close()

    # ── how calls are made ───────────────────────────────────────────────────────────────────────

    def _write(
        self,
        operation: str,
        method: Method,
        template: str,
        body: bytes,
        headers: Mapping[str, str],
        **keys: str,
    ) -> Call:
        return Call(
            operation=operation,
            method=method,
            path=_below(path(template, **keys)),
            effect=True,
            query=self._client(),
            headers={**_LANGUAGE, **headers},
            body=body,
        )

    async def read(
        self, operation: str, below: Path, query: Query, decode: Callable[[bytes], T], *, service: str = SERVICE
    ) -> T:
        """GET below the address of a service, in the session that writes have opened.

        Raises:
            NotFoundError: there is no such entity.
        """
        call = Call(
            operation=operation,
            method="GET",
            path=_below(below, service),
            effect=False,
            query=(*query, *self._client()),
            headers={**_LANGUAGE, **self._cookies()},
        )
        known = self._sessions.known
        locks = self._settings.lock_codes
        return await self._sender.send(
            call,
            lambda answer: answers.read(call, _masked(answer, known.secrets() if known else ()), decode, locks),
        )

    async def _send_write(self, call: Call, read: Callable[[Answer], T], private: tuple[str, ...]) -> T:
        """With the session's token; once more with a new one where SAP says that it is stale, which is no effect."""
        session = await self._sessions.session()
        done = await self._send_with(session, call, read, private)
        if isinstance(done, _Refused):
            session = await self._sessions.session(instead_of=session)
            done = await self._send_with(session, call, read, private)
        if isinstance(done, _Refused):
            raise ConfigurationError(
                f"{call.operation} was refused with a fresh {csrf.HEADER}: something in front of SAP drops cookies",
                status=403,
            )
        return done

    async def _send_with(
        self, session: csrf.Session, call: Call, read: Callable[[Answer], T], private: tuple[str, ...]
    ) -> "T | _Refused":
        def told(answer: Answer) -> "T | _Refused":
            if csrf.is_refused(answer):
                return _REFUSED
            return read(_masked(answer, (*session.secrets(), *private)))

        return await self._sender.send(replace(call, headers={**call.headers, **session.headers()}), told)

    async def _fetch_session(self) -> csrf.Session:
        """GET the service's own document: the cheapest read there is."""
        call = Call(
            operation="fetch-csrf-token",
            method="GET",
            path=_below(path("/")),
            effect=False,
            query=self._client(),
            headers={**_LANGUAGE, csrf.HEADER: csrf.FETCH},
        )

        def read(answer: Answer) -> csrf.Session:
            if not plain_answers.is_success(answer):
                raise answers.refusal(call, answer)
            return csrf.session_of(answer)

        return await self._sender.send(call, read)

    def page(self, skip: int, most: int | None = None) -> Query:
        """Options of one page of `PAGE_SIZE` rows, or of fewer."""
        rows = self._settings.page_size if most is None else min(most, self._settings.page_size)
        return (("$top", str(rows)), ("$skip", str(skip)), ("$inlinecount", "allpages"))

    def _client(self) -> Query:
        return (("sap-client", self._settings.client),) if self._settings.client else ()

    def _cookies(self) -> Mapping[str, str]:
        """Reads join the session that writes have opened, so that SAP does not open one for each."""
        return self._sessions.known.cookies() if self._sessions.known else {}


def _below(below: Path, service: str = SERVICE) -> Path:
    """The service's address on the wire, without it in metrics."""
    return Path(below.template, f"{service}{below.encoded}")


def key_text(value: str) -> str:
    """A text within a key of OData: its quotation marks are doubled."""
    return value.replace("'", "''")


def _masked(answer: Answer, hidden: tuple[str, ...]) -> Answer:
    """A refusal that quotes what we sent must not carry it into error messages."""
    return answer if plain_answers.is_success(answer) else replace(answer, body=mask(answer.body, hidden))


def _nothing_or_json(body: bytes) -> None:
    """A change is answered with nothing; a page instead is no answer of SAP's."""
    if body:
        msgspec.json.decode(body, type=msgspec.Raw)
