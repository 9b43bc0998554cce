"""Orders as OData shows them, and as /_sim/state shows them."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from simulators.sap_s4hana.book import Book, Document, Item, amounts_of
from simulators.sap_s4hana.contract import Contract
from simulators.sap_s4hana.customizing import Entity, plain_number, rows, text
from simulators.sap_s4hana.documents import CREDIT_MEMO, CREDIT_REQUEST, INVOICE, RETURN, FollowOn
from simulators.sap_s4hana.entities import day, empty, part, quantity_text, time_of_day
from simulators.sap_s4hana.settings import Settings, shown

SERVICE = "API_SALES_ORDER_SRV"
Rows = Callable[[], list[dict[str, object]]]
"""Entities behind a link, made only where somebody asks for them."""
NO_LINKS: Mapping[str, Rows] = {}
NO_GUID = "00000000-0000-0000-0000-000000000000"


class _Follower(NamedTuple):
    """A row of an item's process flow."""

    number: str
    made_at: float
    category: str
    status: str = "C"


BELOW = "to_Item/"


class Views:
    """Every field of the contract is there; what nobody stated is empty."""

    def __init__(self, contract: Contract, base: str, settings: Settings, book: Book) -> None:
        self._contract = contract
        self._base = base
        self._settings = settings
        self._book = book

    def order(self, document: Document, select: Iterable[str], expand: Iterable[str]) -> dict[str, object]:
        uri = f"{self._base}/A_SalesOrder('{document.number}')"
        values = {
            **document.sent,
            "SalesOrder": document.number,
            "SoldToParty": plain_number(text(document.sent, "SoldToParty")),
            "CreationDate": day(document.made_at),
            "LastChangeDate": day(document.changed_at),
            "LastChangeDateTime": f"/Date({changed_ms(document)}+0000)/",
            "OverallOrdReltdBillgStatus": _billing(document, self._book),
            "TotalNetAmount": _money(sum((amounts_of(item)[0] for item in document.items), Decimal(0))),
            "OverallSDProcessStatus": _process(document),
            "OverallSDDocumentRejectionSts": _rejection(document),
            "OverallTotalDeliveryStatus": _delivery(document),
            "TotalCreditCheckStatus": document.credit,
        }
        below = [name.removeprefix(BELOW) for name in select if name.startswith(BELOW)]
        select = [name.partition("/")[0] for name in select]
        links: dict[str, Rows] = {"to_Item": lambda: [self.item(document, item, below, ()) for item in document.items]}
        links |= _sent(document.sent, "to_Partner", "to_PricingElement", "to_Text")
        return self._entity("A_SalesOrder", uri, values=values, links=links, asked=(select, expand), etag=document.etag)

    def item(self, document: Document, item: Item, select: Iterable[str], expand: Iterable[str]) -> dict[str, object]:
        key = f"SalesOrder='{document.number}',SalesOrderItem='{item.number}'"
        uri = f"{self._base}/A_SalesOrderItem({key})"
        values = {
            **item.sent,
            "SalesOrder": document.number,
            "SalesOrderItem": item.number,
            "SalesDocumentRjcnReason": item.rejection_reason,
            "DeliveryStatus": "C" if item.delivered else "A",
            "OrderRelatedBillingStatus": _billed(document, item, self._book),
            "NetAmount": _money(amounts_of(item)[0]),
            "TaxAmount": _money(amounts_of(item)[1]),
        }
        links: dict[str, Rows] = {
            "to_ScheduleLine": lambda: [self._schedule_line(document, item)],
            "to_SubsequentProcFlowDocItem": lambda: self._flow(document, item),
        }
        links |= _sent(item.sent, "to_PricingElement", "to_Text")
        etag = document.etag if self._settings.item_etags else None
        return self._entity("A_SalesOrderItem", uri, values=values, links=links, asked=(select, expand), etag=etag)

    def _schedule_line(self, document: Document, item: Item) -> dict[str, object]:
        key = f"SalesOrder='{document.number}',SalesOrderItem='{item.number}',ScheduleLine='1'"
        promised = None if item.confirmed_ms is None else f"/Date({item.confirmed_ms})/"
        values: Mapping[str, object] = {
            "SalesOrder": document.number,
            "SalesOrderItem": item.number,
            "ScheduleLine": "1",
            "RequestedDeliveryDate": document.sent.get("RequestedDeliveryDate"),
            "ConfirmedDeliveryDate": promised,
            "ScheduleLineOrderQuantity": quantity_text(item.quantity),
            "ConfdOrderQtyByMatlAvailCheck": quantity_text(item.confirmed),
        }
        return self._entity("A_SalesOrderScheduleLine", f"{self._base}/A_SalesOrderScheduleLine({key})", values=values)

    def _flow(self, document: Document, item: Item) -> list[dict[str, object]]:
        """What came of the item: work order, delivery, and what has services of its own; a category tells which."""
        settings, made_at = self._settings, self._book.made_at
        rows_: list[_Follower] = []
        if item.work_order is not None:
            status = "C" if item.work_order_done else "A"
            rows_.append(_Follower(item.work_order, made_at[item.work_order], settings.work_order_category, status))
        if item.delivery is not None:
            rows_.append(_Follower(item.delivery, made_at[item.delivery], settings.delivery_category))
        rows_ += [_Follower(one.number, one.made_at, one.category) for one in _followers(document, item, self._book)]
        return [self._flow_row(document, item, row) for row in rows_]

    def _flow_row(self, document: Document, item: Item, row: _Follower) -> dict[str, object]:
        values: Mapping[str, object] = {
            "SalesOrder": document.number,
            "SalesOrderItem": item.number,
            "DocRelationshipUUID": NO_GUID,
            "SubsequentDocument": row.number,
            "SubsequentDocumentCategory": row.category,
            "SDProcessStatus": row.status,
            "CreationDate": day(row.made_at),
            "CreationTime": time_of_day(row.made_at),
        }
        key = f"SalesOrder='{document.number}',SalesOrderItem='{item.number}',DocRelationshipUUID=guid'{NO_GUID}'"
        name = "A_SalesOrderItmSubsqntProcFlow"
        return self._entity(name, f"{self._base}/{name}({key})", values=values)

    def _entity(
        self,
        name: str,
        uri: str,
        *,
        values: Mapping[str, object],
        links: Mapping[str, Rows] = NO_LINKS,
        asked: tuple[Iterable[str], Iterable[str]] = ((), ()),
        etag: str | None = None,
    ) -> dict[str, object]:
        select, expand = frozenset(asked[0]), frozenset(asked[1])
        metadata = {"id": uri, "uri": uri, "type": f"{SERVICE}.{name}Type", **({"etag": etag} if etag else {})}
        shown_: dict[str, object] = {"__metadata": metadata}
        for field, schema in self._contract.fields(name).items():
            if select and field not in select:
                continue
            if field.startswith("to_"):
                rows_ = links.get(field)
                deferred = {"__deferred": {"uri": f"{uri}/{field}"}}
                shown_[field] = {"results": rows_()} if field in expand and rows_ is not None else deferred
            else:
                shown_[field] = values.get(field, empty(schema))
        return shown_


def _sent(sent: Entity, *names: str) -> dict[str, Rows]:
    """What was inserted with the entity comes back as it was sent."""
    return {name: partial(_as_sent, sent, name) for name in names}


def _as_sent(sent: Entity, name: str) -> list[dict[str, object]]:
    return [{**one} for one in rows(sent, name)]


def state(book: Book, settings: Settings) -> dict[str, object]:
    """For people and checkers; `orders_by_reference` is how a test counts orders per id."""
    return {
        "settings": shown(settings),
        "orders_by_reference": book.by_reference(),
        "orders": [_summary(document, book) for document in book.documents.values()],
    }


def _summary(document: Document, book: Book) -> dict[str, object]:
    return {
        "number": document.number,
        "reference": document.reference,
        "sold_to": text(document.sent, "SoldToParty"),
        "rejection": _rejection(document),
        "delivery": _delivery(document),
        "credit": document.credit,
        "items": [
            {
                "item": item.number,
                "material": text(item.sent, "Material"),
                "quantity": text(item.sent, "RequestedQuantity"),
                "rejected": item.rejection_reason,
                "delivered": item.delivered,
                "work_order": item.work_order,
                "delivery": item.delivery,
                "billed": str(book.follow_ons.quantity(document.number, item.number, INVOICE)),
                "invoices": _numbers(document, item, book, INVOICE),
            }
            for item in document.items
        ],
        "returns": [_follower(one) for one in book.follow_ons.of(document.number, RETURN)],
        "credit_memos": [_follower(one) for one in book.follow_ons.of(document.number, CREDIT_MEMO)],
        "texts": [_told(one) for one in rows(document.sent, "to_Text")],
    }


def _followers(document: Document, item: Item, book: Book) -> list[FollowOn]:
    found = book.follow_ons.of(document.number, INVOICE, RETURN, CREDIT_REQUEST, CREDIT_MEMO)
    return [one for one in found if one.touches(item.number)]


def _numbers(document: Document, item: Item, book: Book, category: str) -> list[str]:
    return [one.number for one in _followers(document, item, book) if one.category == category]


def _follower(one: FollowOn) -> dict[str, object]:
    lines = {each.order_item: str(each.quantity) for each in one.positions}
    return {"number": one.number, "amount": str(one.net + one.tax), "items": lines}


def _told(one: Entity) -> dict[str, str]:
    return {"id": text(one, "LongTextID"), "text": text(one, "LongText")}


def _rejection(document: Document) -> str:
    rejected = sum(bool(item.rejection_reason) for item in document.items)
    return part(rejected, len(document.items))


def _delivery(document: Document) -> str:
    return part(sum(item.delivered for item in document.items), len(document.items))


def _billing(document: Document, book: Book) -> str:
    told = [_billed(document, item, book) for item in document.items]
    return "B" if "B" in told else part(told.count("C"), len(told))


def _billed(document: Document, item: Item, book: Book) -> str:
    billed = book.follow_ons.quantity(document.number, item.number, INVOICE)
    return "A" if not billed else "C" if billed >= item.quantity else "B"


def changed_ms(document: Document) -> int:
    """Milliseconds since 1970; SAP's stamp has more digits, which OData V2 does not show."""
    return int(document.changed_at * 1000)


def _money(value: Decimal) -> str:
    return format(value, "f")


def _process(document: Document) -> str:
    return part(sum(item.delivered or bool(item.rejection_reason) for item in document.items), len(document.items))
