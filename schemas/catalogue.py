"""Every contract, declared once: what a topic's values are, what its key is, who writes and who reads them.

Topics without a contract carry somebody else's bytes unchanged (`dead-letter.v1`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, Generic, Literal, TypeVar

import msgspec

from schemas.avro_text import parse_schema
from schemas.avro_types import Schema
from schemas.models.carrier_event import CarrierEvent
from schemas.models.command import Command
from schemas.models.completeness_page import CompletenessPage
from schemas.models.desired_stock import DesiredStock
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent
from schemas.models.inventory import InventoryAlert, InventoryHold, RecountRequest, StockRebase
from schemas.models.operations import Audit, OperatorControl, Outcome
from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from schemas.models.reference import Account, Product, ProductPrices
from schemas.models.returned import Return
from schemas.models.source_cursor import SourceCursor
from schemas.models.stock_change import StockChange
from schemas.models.stock_reservation import Reservation, ReservationRequest

ModelT_co = TypeVar("ModelT_co", bound=msgspec.Struct, covariant=True)

COMMAND_SUFFIX, OUTCOME_SUFFIX = ".command.v1", ".outcome.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Generic[ModelT_co]):
    """The values of one topic."""

    topic: str
    file: str
    """Name of the schema in avro/, of the examples' folder and of the releases' folder."""
    record: str
    """Full name of the record; a writer's schema with another name is refused."""
    model: type[ModelT_co]
    lifted: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Attributes of the model that stand one record deeper."""
    key: str
    """What the message key means."""
    key_field: str
    """The attribute of the model that the key must equal."""
    description: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    compatibility: Literal["BACKWARD"] = "BACKWARD"

    @property
    def subject(self) -> str:
        """The name in the registry."""
        return f"{self.topic}-value"

    @property
    def schema_text(self) -> str:
        """The schema as it is registered."""
        return _schema_text(self.file)

    @property
    def schema(self) -> Schema:
        return _schema(self.file)

    @property
    def released(self) -> Mapping[int, str]:
        """The texts that were released, by version; the highest is what a change must be compatible with."""
        folder = _package() / "released" / self.file
        return {int(each.name[1:-5]): each.read_text(encoding="utf-8") for each in _sorted(folder, ".avsc")}

    @property
    def examples(self) -> Mapping[str, str]:
        """JSON texts by name, for `schemas.example_records`."""
        folder = _package() / "examples" / self.file
        return {each.name.removesuffix(".json"): each.read_text(encoding="utf-8") for each in _sorted(folder, ".json")}


def _package() -> Traversable:
    return files("schemas")


def _sorted(folder: Traversable, suffix: str) -> list[Traversable]:
    return sorted((each for each in folder.iterdir() if each.name.endswith(suffix)), key=lambda each: each.name)


@cache
def _schema_text(file: str) -> str:
    return (_package() / "avro" / f"{file}.avsc").read_text(encoding="utf-8")


@cache
def _schema(file: str) -> Schema:
    return parse_schema(_schema_text(file))


STOCK_CHANGE: Final = Contract(
    topic="wms.stock-change.v1",
    file="wms.stock-change.v1",
    record="commerce.stock.v1.StockChange",
    model=StockChange,
    lifted={"commerce_order": ("reference", "commerce_order"), "id": ("reference", "id")},
    key="SKU",
    key_field="sku",
    description="One stock movement or one stock statement of a WMS or ERP.",
    producers=("WMS", "ERP bridges"),
    consumers=("stock flow",),
)
WMS_SNAPSHOT: Final = replace(
    STOCK_CHANGE,
    topic="wms.snapshot.v1",
    description="What a warehouse holds at one moment: an ABSOLUTE that is compared with the ledger, not counted.",
)
FULFILMENT_EVENT: Final = Contract(
    topic="wms.fulfilment-event.v1",
    file="wms.fulfilment-event.v1",
    record="commerce.fulfilment.v1.FulfilmentEvent",
    model=FulfilmentEvent,
    key="order number as the WMS holds it",
    key_field="order_id",
    description="One step of an order or a shipment in a WMS.",
    producers=("WMS",),
    consumers=("order news",),
)
ERP_ORDER_EVENT: Final = Contract(
    topic="erp.order-event.v1",
    file="erp.order-event.v1",
    record="commerce.erp.v1.ErpOrderEvent",
    model=ErpOrderEvent,
    key="order number of the ERP",
    key_field="erp_number",
    description="What an ERP says of an order.",
    producers=("ERP bridges", "ERP poll"),
    consumers=("order news",),
)
CARRIER_EVENT: Final = Contract(
    topic="carrier.event.v1",
    file="carrier.event.v1",
    record="commerce.carrier.v1.CarrierEvent",
    model=CarrierEvent,
    key="tracking number",
    key_field="tracking_number",
    description="What a carrier says of one parcel.",
    producers=("carriers", "carrier bridges"),
    consumers=("order news",),
)
DESIRED_STOCK: Final = Contract(
    topic="inventory.desired.v1",
    file="inventory.desired.v1",
    record="commerce.inventory.v1.DesiredStock",
    model=DesiredStock,
    key="SKU",
    key_field="sku",
    description="What Commerce should show for one SKU at every source: the whole snapshot.",
    producers=("stock flow",),
    consumers=("stock lane",),
)
INVENTORY_ALERT: Final = Contract(
    topic="inventory.alert.v1",
    file="inventory.alert.v1",
    record="commerce.inventory.v1.InventoryAlert",
    model=InventoryAlert,
    key="SKU",
    key_field="sku",
    description="Stock crossed a line, or its number needs a person.",
    producers=("stock flow",),
    consumers=("purchasing", "alerting"),
)
RECOUNT_REQUEST: Final = Contract(
    topic="inventory.recount.v1",
    file="inventory.recount.v1",
    record="commerce.inventory.v1.RecountRequest",
    model=RecountRequest,
    key="SKU",
    key_field="sku",
    description="A request to state a quantity anew as an ABSOLUTE.",
    producers=("stock flow", "operators"),
    consumers=("WMS bridge",),
)
INVENTORY_HOLD: Final = Contract(
    topic="inventory.hold.v1",
    file="inventory.hold.v1",
    record="commerce.inventory.v1.InventoryHold",
    model=InventoryHold,
    key="SKU",
    key_field="sku",
    description="A quantity that the WMS does not know of, or has already let go.",
    producers=("orders flow",),
    consumers=("stock flow",),
)
STOCK_REBASE: Final = Contract(
    topic="inventory.rebase.v1",
    file="inventory.rebase.v1",
    record="commerce.inventory.v1.StockRebase",
    model=StockRebase,
    key="SKU",
    key_field="sku",
    description="An operator states what a bucket of a location holds.",
    producers=("operators",),
    consumers=("stock flow",),
)
COMMERCE_ORDER: Final = Contract(
    topic="commerce.order.v1",
    file="commerce.order.v1",
    record="commerce.order.v1.Order",
    model=Order,
    key="order number of the channel",
    key_field="number",
    description="An order as its channel placed it, or placed it anew after a change.",
    producers=("gateway", "order poll", "other channels"),
    consumers=("order intake",),
)
COMMERCE_RETURN: Final = Contract(
    topic="commerce.return.v1",
    file="commerce.return.v1",
    record="commerce.returns.v1.Return",
    model=Return,
    key="id of the return at the channel",
    key_field="return_id",
    description="A return as its channel states it.",
    producers=("shop bridges", "other channels"),
    consumers=("order news",),
)
ORDER_EVENT: Final = Contract(
    topic="orders.event.v1",
    file="orders.event.v1",
    record="commerce.orders.v1.OrderEvent",
    model=OrderEvent,
    key="unified order id",
    key_field="order_id",
    description="What happened to an order, whatever system said it.",
    producers=("order intake", "order news", "operators"),
    consumers=("orders flow",),
)
PRODUCT: Final = Contract(
    topic="erp.product.v1",
    file="erp.product.v1",
    record="commerce.reference.v1.Product",
    model=Product,
    key="SKU",
    key_field="sku",
    description="An item as the ERP knows it.",
    producers=("ERP poll", "ERP bridges"),
    consumers=("orders flow",),
)
PRICE: Final = Contract(
    topic="erp.price.v1",
    file="erp.price.v1",
    record="commerce.reference.v1.ProductPrices",
    model=ProductPrices,
    key="SKU",
    key_field="sku",
    description="Every price of one SKU that an order may state.",
    producers=("ERP poll", "ERP bridges"),
    consumers=("orders flow",),
)
ACCOUNT: Final = Contract(
    topic="crm.account.v1",
    file="crm.account.v1",
    record="commerce.reference.v1.Account",
    model=Account,
    key="account id",
    key_field="account_id",
    description="A customer's account: by which ids channels know it, and what the ERP calls it.",
    producers=("CRM poll", "CRM bridges", "ERP bridges"),
    consumers=("orders flow",),
)
AUDIT: Final = Contract(
    topic="audit.v1",
    file="audit.v1",
    record="commerce.audit.v1.Audit",
    model=Audit,
    key="entity id",
    key_field="entity",
    description="What was done, by whom, why, from which value to which.",
    producers=("sinks", "flows", "operators"),
    consumers=("auditors",),
)
OPERATOR_CONTROL: Final = Contract(
    topic="operator.control.v1",
    file="operator.control.v1",
    record="commerce.control.v1.OperatorControl",
    model=OperatorControl,
    key="what the order is about",
    key_field="key",
    description="Standing orders of operators: the newest of a key holds.",
    producers=("operators",),
    consumers=("every worker",),
)


SHIPMENT: Final = Contract(
    topic="commerce.shipment.v1",
    file="command.v1",
    record="commerce.command.v1.Command",
    model=Command,
    key="entity id",
    key_field="entity",
    description="A shipment that commerce is asked to post.",
    producers=("orders flow",),
    consumers=("commerce sink",),
)
SOURCE_CURSOR: Final = Contract(
    topic="source.cursor.v1",
    file="source.cursor.v1",
    record="commerce.source.v1.SourceCursor",
    model=SourceCursor,
    key="name of the poller",
    key_field="name",
    description="How far each poller has read its source: the newest of a key holds.",
    producers=("poll",),
    consumers=("poll",),
)


RESERVATION_REQUEST: Final = Contract(
    topic="inventory.reservation-request.v1",
    file="inventory.reservation-request.v1",
    record="commerce.reservation.v1.ReservationRequest",
    model=ReservationRequest,
    key="SKU",
    key_field="sku",
    description="What a channel asks of a reservation.",
    producers=("gateway", "stock flow"),
    consumers=("stock flow",),
)
RESERVATION: Final = Contract(
    topic="inventory.reservation.v1",
    file="inventory.reservation.v1",
    record="commerce.reservation.v1.Reservation",
    model=Reservation,
    key="reservation id",
    key_field="reservation_id",
    description="How a reservation stands: the newest of a key holds.",
    producers=("stock flow",),
    consumers=("gateway",),
)
COMPLETENESS: Final = Contract(
    topic="completeness.page.v1",
    file="completeness.page.v1",
    record="commerce.operations.v1.CompletenessPage",
    model=CompletenessPage,
    key="flow",
    key_field="flow",
    description="The closing of a flow over a stretch of time: every source entity in one state.",
    producers=("worker",),
    consumers=("status pages", "completeness"),
)


def outcome_contract(role: str) -> Contract[Outcome]:
    """The contract of `<role>.outcome.v1`: one schema serves every role."""
    return Contract(
        topic=f"{role}{OUTCOME_SUFFIX}",
        file="outcome.v1",
        record="commerce.outcome.v1.Outcome",
        model=Outcome,
        key="entity id",
        key_field="entity",
        description=f"How commands to {role} ended.",
        producers=(f"{role} sink",),
        consumers=("flows",),
    )


def command_contract(role: str) -> Contract[Command]:
    """The contract of `<role>.command.v1`: one schema serves every role."""
    return Contract(
        topic=f"{role}{COMMAND_SUFFIX}",
        file="command.v1",
        record="commerce.command.v1.Command",
        model=Command,
        key="entity id",
        key_field="entity",
        description=f"What {role} is asked to do.",
        producers=("flows",),
        consumers=(f"{role} sink",),
    )


ROLES: Final = (
    "commerce",
    "erp",
    "wms",
    "crm",
    "carrier",
    "finance",
)
"""Sinks that exist; each has its own outcome topic."""
COMMAND_ROLES: Final = (
    "erp",
    "wms",
    "crm",
    "carrier",
    "finance",
    "commerce",
)
"""Sinks that take commands; the stock lane, a sink of commerce too, takes snapshots."""
CONTRACTS: Final[tuple[Contract[msgspec.Struct], ...]] = (
    STOCK_CHANGE,
    WMS_SNAPSHOT,
    FULFILMENT_EVENT,
    ERP_ORDER_EVENT,
    CARRIER_EVENT,
    DESIRED_STOCK,
    INVENTORY_ALERT,
    RECOUNT_REQUEST,
    INVENTORY_HOLD,
    STOCK_REBASE,
    RESERVATION_REQUEST,
    RESERVATION,
    COMMERCE_ORDER,
    COMMERCE_RETURN,
    ORDER_EVENT,
    PRODUCT,
    PRICE,
    ACCOUNT,
    AUDIT,
    OPERATOR_CONTROL,
    SOURCE_CURSOR,
    COMPLETENESS,
    *(outcome_contract(role) for role in ROLES),
    *(command_contract(role) for role in COMMAND_ROLES),
    SHIPMENT,
)


def contract_of(topic: str) -> Contract[msgspec.Struct] | None:
    """The contract of a topic's values; None where the topic has none."""
    for suffix, made in ((OUTCOME_SUFFIX, outcome_contract), (COMMAND_SUFFIX, command_contract)):
        role = topic.removesuffix(suffix)
        if role and role != topic:
            return made(role)
    return next((contract for contract in CONTRACTS if contract.topic == topic), None)
