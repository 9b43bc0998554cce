"""The services of customer returns, billing documents and credit memo requests: what they show, read only."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from simulators.core.exchange import Answer, Call, json_answer
from simulators.sap_s4hana import odata
from simulators.sap_s4hana.book import Book
from simulators.sap_s4hana.contract import Contract
from simulators.sap_s4hana.customizing import text
from simulators.sap_s4hana.documents import FollowOn, Position
from simulators.sap_s4hana.entities import day, empty, part, quantity_text, time_of_day
from simulators.sap_s4hana.errors import ODataError, malformed
from simulators.sap_s4hana.odata import Query
from simulators.sap_s4hana.settings import Settings

ROOT = "/sap/opu/odata/sap/"
_BELOW = "to_Item/"


class Service(NamedTuple):
    """One of them: the set of its heads, the set of their items, and which documents it has."""

    name: str
    head: str
    item: str
    categories: frozenset[str]
    contract: Contract

    @property
    def key(self) -> str:
        return self.head.removeprefix("A_")


def services() -> Mapping[str, Service]:
    """By the path below which they are."""
    found = (
        ("API_CUSTOMER_RETURN_SRV", "A_CustomerReturn", "H", "returns_contract.json"),
        ("API_CREDIT_MEMO_REQUEST_SRV", "A_CreditMemoRequest", "K", "credit_requests_contract.json"),
        ("API_BILLING_DOCUMENT_SRV", "A_BillingDocument", "MO", "billing_contract.json"),
    )
    return {
        f"{ROOT}{name}": Service(name, head, f"{head}Item", frozenset(categories), Contract(file))
        for name, head, categories, file in found
    }


class Reader:
    """One request to one of the services."""

    def __init__(self, service: Service, book: Book, settings: Settings) -> None:
        self._service = service
        self._book = book
        self._settings = settings

    def answer(self, call: Call) -> Answer:
        """Raises ODataError for what the service does not have."""
        root = f"{ROOT}{self._service.name}"
        address, query = odata.address_of(call.path.removeprefix(root)), odata.query_of(call.query)
        if address is None:
            raise malformed("Malformed URI")
        base = f"http://{call.headers.get('host', 'localhost')}{root}"
        match (address.entity_set, bool(address.keys), address.link):
            case ("", False, ""):
                return json_answer(200, {"d": {"EntitySets": [self._service.head, self._service.item]}})
            case (self._service.head, False, ""):
                return self._list(call, query, base)
            case (self._service.head, True, ""):
                self._check(query)
                return json_answer(200, {"d": self._head(self._find(address.keys.get("", "")), query, base)})
            case (self._service.head, True, "to_Item"):
                return self._items(self._find(address.keys.get("", "")), query, base)
            case _:
                raise ODataError(404, "005056A509B11EE1B9A8FEC11C21D78E", "Resource not found for the segment")

    def _list(self, call: Call, query: Query, base: str) -> Answer:
        self._check(query)
        odata.check_names((one.name for one in query.filter), self._service.contract.fields(self._service.head))
        seen = [one for one in self._own() if one.made_at + self._settings.read_lag_s <= call.at]
        keys = {self._service.key: lambda one: int(one.number), "LastChangeDateTime": changed_ms}
        found = odata.ordered(odata.filtered(seen, query, self._value), query, keys)
        page = odata.page(found, query, self._settings.largest_page)
        return json_answer(200, odata.collection([self._head(one, query, base) for one in page], len(found), query))

    def _items(self, made: FollowOn, query: Query, base: str) -> Answer:
        odata.check_names(query.select | query.expand, self._service.contract.fields(self._service.item))
        page = odata.page(made.positions, query, self._settings.largest_page)
        rows = [self._item(made, one, query.select, base) for one in page]
        return json_answer(200, odata.collection(rows, len(made.positions), query))

    def _own(self) -> list[FollowOn]:
        return [one for one in self._book.follow_ons.documents.values() if one.category in self._service.categories]

    def _find(self, number: str) -> FollowOn:
        wanted = number.lstrip("0")
        found = next((one for one in self._own() if one.number == wanted), None)
        if found is None:
            raise ODataError(404, "/IWBEP/CM_MGW_RT/020", f"Resource not found for segment '{self._service.head}Type'")
        return found

    def _check(self, query: Query) -> None:
        contract, service = self._service.contract, self._service
        below = {name.removeprefix(_BELOW) for name in query.select if name.startswith(_BELOW)}
        own = {name for name in query.select if not name.startswith(_BELOW)}
        odata.check_names(own | query.expand, contract.fields(service.head))
        odata.check_names(below, contract.fields(service.item))

    def _value(self, made: FollowOn, name: str) -> str:
        if name == "LastChangeDateTime":
            return str(changed_ms(made))
        return str(self._head_values(made).get(name, ""))

    def _head(self, made: FollowOn, query: Query, base: str) -> dict[str, object]:
        uri = f"{base}/{self._service.head}('{made.number}')"
        below = {name.removeprefix(_BELOW) for name in query.select if name.startswith(_BELOW)}
        select = {name for name in query.select if not name.startswith(_BELOW)} | ({"to_Item"} if below else set())
        shown = self._entity(self._service.head, uri, select, self._head_values(made))
        if "to_Item" in query.expand and "to_Item" in shown:
            shown["to_Item"] = {"results": [self._item(made, one, below, base) for one in made.positions]}
        return shown

    def _item(self, made: FollowOn, one: Position, select: Iterable[str], base: str) -> dict[str, object]:
        key = self._service.key
        uri = f"{base}/{self._service.item}({key}='{made.number}',{key}Item='{one.number}')"
        return self._entity(self._service.item, uri, frozenset(select), self._item_values(made, one))

    def _entity(self, name: str, uri: str, select: Iterable[str], values: Mapping[str, object]) -> dict[str, object]:
        asked = frozenset(select)
        shown: dict[str, object] = {
            "__metadata": {"id": uri, "uri": uri, "type": f"{self._service.name}.{name}Type"},
        }
        for field, schema in self._service.contract.fields(name).items():
            if asked and field not in asked:
                continue
            link = {"__deferred": {"uri": f"{uri}/{field}"}} if field.startswith("to_") else None
            shown[field] = link or values.get(field, empty(schema))
        return shown

    def _head_values(self, made: FollowOn) -> Mapping[str, object]:
        """`SalesOrganization` and account are the order's; statuses: C is done, B begun."""
        order = self._book.documents[made.order]
        done = [one.received or bool(one.rejection_reason) for one in made.positions]
        values: dict[str, Any] = {
            self._service.key: made.number,
            f"{self._service.key}Type": made.kind,
            "SDDocumentCategory": made.category,
            "CreationDate": day(made.made_at),
            "CreationTime": time_of_day(made.made_at),
            "LastChangeDate": day(made.changed_at),
            "LastChangeDateTime": f"/Date({changed_ms(made)}+0000)/",
            "SalesOrganization": self._settings.sales_area[0],
            "SoldToParty": text(order.sent, "SoldToParty"),
            "PurchaseOrderByCustomer": order.reference,
            "TransactionCurrency": text(order.sent, "TransactionCurrency"),
            "TotalNetAmount": format(made.net, "f"),
            "TaxAmount": format(made.tax, "f"),
            "TotalGrossAmount": format(made.net + made.tax, "f"),
            "BillingDocumentIsCancelled": made.cancelled,
            "ReferenceSDDocument": made.positions[0].reference.number,
            "ReferenceSDDocumentCategory": made.positions[0].reference.category,
            "OverallSDProcessStatus": "C" if all(done) else "A",
            "OverallSDDocumentRejectionSts": part(_rejected(made.positions), len(made.positions)),
        }
        return values

    def _item_values(self, made: FollowOn, one: Position) -> Mapping[str, object]:
        return {
            self._service.key: made.number,
            f"{self._service.key}Item": one.number,
            "Material": one.material,
            "RequestedQuantity": quantity_text(one.quantity),
            "BillingQuantity": quantity_text(one.quantity),
            "NetAmount": format(one.net, "f"),
            "TaxAmount": format(one.tax, "f"),
            "GrossAmount": format(one.net + one.tax, "f"),
            "ReferenceSDDocument": one.reference.number,
            "ReferenceSDDocumentItem": _six(one.reference.item),
            "ReferenceSDDocumentCategory": one.reference.category,
            "SalesDocument": one.sales.number,
            "SalesDocumentItem": _six(one.sales.item),
            "SalesSDDocumentCategory": one.sales.category,
            "SalesDocumentRjcnReason": one.rejection_reason,
            "SDDocumentRejectionStatus": "C" if one.rejection_reason else "A",
            "ReturnsMaterialHasBeenReceived": "X" if one.received else "",
            "SDProcessStatus": "C" if one.received or one.rejection_reason else "A",
        }


def changed_ms(made: FollowOn) -> int:
    """Milliseconds since 1970."""
    return int(made.changed_at * 1000)


def _rejected(positions: Sequence[Position]) -> int:
    return sum(bool(one.rejection_reason) for one in positions)


def _six(item: str) -> str:
    """Numbers of other documents' items come with the zeros that SAP keeps inside."""
    return item.zfill(6)
