"""Every topic, declared once.  Names are stored state: never rename one.

`topics apply` creates what is missing and prints what differs; the worker only checks.  docs/topics.md is written
from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
FOREVER = "-1"
RECORD_BYTES = 1_048_588
"""The broker's default for one record batch."""
DEAD_LETTER_MARGIN = 64 << 10


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: `partitions` 0 takes the setting; `config` is what the broker must have."""

    name: str
    key: str
    written_by: str
    read_by: str
    about: str
    partitions: int = 0
    config: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def _kept(days: int) -> Mapping[str, str]:
    """Records are deleted after so many days."""
    return _input(**{"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS)})


def _input(**config: str) -> Mapping[str, str]:
    """The broker's clock stamps every record: lateness and future are judged by it."""
    return MappingProxyType({"message.timestamp.type": "LogAppendTime", **config})


_UNLIMITED = _input(**{"cleanup.policy": "delete", "retention.ms": FOREVER})
_COMPACTED = _input(**{"cleanup.policy": "compact", "min.compaction.lag.ms": str(HOUR_MS)})

STOCK_CHANGE = Topic(
    "wms.stock-change.v1",
    key="sku",
    written_by="WMS, ERP bridges",
    read_by="stock flow",
    about="One stock movement (DELTA) or stock statement (ABSOLUTE).",
    config=_kept(7),
)
WMS_SNAPSHOT = Topic(
    "wms.snapshot.v1",
    key="sku",
    written_by="WMS, ERP bridges",
    read_by="stock flow",
    about="What a warehouse holds at one moment (ABSOLUTE), compared with the ledger and never counted.",
    config=_kept(7),
)
FULFILMENT_EVENT = Topic(
    "wms.fulfilment-event.v1",
    key="order number",
    written_by="WMS",
    read_by="order news",
    about="One step of an order or a shipment in a WMS.",
    config=_kept(7),
)
ERP_ORDER_EVENT = Topic(
    "erp.order-event.v1",
    key="order number of the ERP",
    written_by="ERP bridges, ERP poll",
    read_by="order news",
    about="What an ERP says of an order: confirmed, a date, an invoice, a credit hold, cancelled.",
    config=_kept(30),
)
CARRIER_EVENT = Topic(
    "carrier.event.v1",
    key="tracking number",
    written_by="carriers, carrier bridges",
    read_by="order news",
    about="What a carrier says of a parcel: in transit, delivered, not delivered, sent back.",
    config=_kept(30),
)
HOLD = Topic(
    "inventory.hold.v1",
    key="sku",
    written_by="order systems, other channels",
    read_by="stock flow",
    about="Quantities that the WMS does not know of, or has already let go.",
    config=_kept(30),
)
REBASE = Topic(
    "inventory.rebase.v1",
    key="sku",
    written_by="operators (stock rebase)",
    read_by="stock flow",
    about="An operator states what a bucket of a location holds.",
    config=_kept(30),
)
RESERVATION_REQUEST = Topic(
    "inventory.reservation-request.v1",
    key="sku",
    written_by="gateway, stock flow",
    read_by="stock flow",
    about="What channels ask of reservations: make one, confirm it, give it back.",
    config=_kept(30),
)
RESERVATION = Topic(
    "inventory.reservation.v1",
    key="reservation id",
    written_by="stock flow",
    read_by="gateway",
    about="How each reservation stands; a null value forgets it.",
    partitions=1,
    config=_COMPACTED,
)
DESIRED = Topic(
    "inventory.desired.v1",
    key="sku",
    written_by="stock flow",
    read_by="stock lane; routing of orders; gateway",
    about="What Commerce should show for a SKU at every source: a whole snapshot.",
    partitions=1,
    config=_COMPACTED,
)
ALERT = Topic(
    "inventory.alert.v1",
    key="sku",
    written_by="stock flow, stock lane",
    read_by="merchandising, operators",
    about="Stock at zero, low, back; a number that needs a person.",
    config=_kept(30),
)
RECOUNT = Topic(
    "inventory.recount.v1",
    key="sku",
    written_by="stock flow, operators",
    read_by="WMS bridges",
    about="Please state this quantity anew.",
    config=_kept(7),
)
COMMERCE_OUTCOME = Topic(
    "commerce.outcome.v1",
    key="entity id",
    written_by="stock lane, commerce sink",
    read_by="orders flow, gateway, trace",
    about="How a write of stock (key: SKU), or a command of an order, ended at Commerce.",
    config=_UNLIMITED,
)
COMMERCE_ORDER = Topic(
    "commerce.order.v1",
    key="order number",
    written_by="order poll, other channels",
    read_by="order intake",
    about="An order as its channel placed it, or placed it anew after a change.",
    config=_kept(30),
)
COMMERCE_RETURN = Topic(
    "commerce.return.v1",
    key="id of the return",
    written_by="shop bridges, other channels",
    read_by="order news",
    about="A return as its channel states it: asked for, allowed, received, rejected.",
    config=_kept(30),
)
ORDER_EVENT = Topic(
    "orders.event.v1",
    key="unified order id",
    written_by="order intake, order news, operators",
    read_by="orders flow",
    about="What happened to an order, whatever system said it.",
    config=_UNLIMITED,
)
PRODUCT = Topic(
    "erp.product.v1",
    key="sku",
    written_by="ERP poll, ERP bridges",
    read_by="every worker whose checks need it",
    about="An item as the ERP knows it; a null value takes it away.",
    partitions=1,
    config=_COMPACTED,
)
PRICE = Topic(
    "erp.price.v1",
    key="sku",
    written_by="ERP poll, ERP bridges",
    read_by="every worker whose checks need it",
    about="Every price of a SKU that an order may state; a null value takes them away.",
    partitions=1,
    config=_COMPACTED,
)
ACCOUNT = Topic(
    "crm.account.v1",
    key="account id",
    written_by="CRM poll, CRM bridges, ERP bridges",
    read_by="every worker whose checks need it",
    about="By which ids channels know a customer's account, and what the ERP calls it; a null value takes it away.",
    partitions=1,
    config=_COMPACTED,
)


def _command(role: str, target: str) -> Topic:
    return Topic(
        f"{role}.command.v1",
        key="unified order id",
        written_by="orders flow",
        read_by=f"{role} sink",
        about=f"What {target} is asked to do.",
        config=_UNLIMITED,
    )


def _outcome(role: str, target: str) -> Topic:
    return Topic(
        f"{role}.outcome.v1",
        key="unified order id",
        written_by=f"{role} sink",
        read_by="orders flow, trace",
        about=f"How one command ended at {target}.",
        config=_UNLIMITED,
    )


_ORDER_TARGETS: Mapping[str, str] = MappingProxyType(
    {
        "erp": "the ERP",
        "wms": "the WMS",
        "crm": "the CRM",
        "carrier": "the carrier",
        "finance": "the accounting system",
    }
)
COMMANDS: Mapping[str, Topic] = MappingProxyType(
    {
        **{role: _command(role, target) for role, target in _ORDER_TARGETS.items()},
        "commerce": _command("commerce", "the shop, beside shipments,"),
    }
)
SHIPMENT = Topic(
    "commerce.shipment.v1",
    key="unified order id",
    written_by="orders flow",
    read_by="commerce sink",
    about="A shipment that Commerce is asked to post: it takes from the stock that the lane writes.",
    partitions=1,
    config=_UNLIMITED,
)
OUTCOMES: Mapping[str, Topic] = MappingProxyType(
    {
        **{role: _outcome(role, target) for role, target in _ORDER_TARGETS.items()},
        "commerce": COMMERCE_OUTCOME,
    }
)
AUDIT = Topic(
    "audit.v1",
    key="entity id",
    written_by="operators; stock flow, of letters that newer state has overtaken",
    read_by="trace, status pages",
    about="Acts of people: what, by whom, why, from which value to which.",
    config=_kept(365),
)
CONTROL = Topic(
    "operator.control.v1",
    key="what it orders",
    written_by="operators",
    read_by="every worker",
    about="Standing orders: sink modes, paused intakes, accepted gaps, ranges to be read again.",
    partitions=1,
    config=_input(**{"cleanup.policy": "compact"}),
)
SOURCE_CURSOR = Topic(
    "source.cursor.v1",
    key="name of the poller",
    written_by="poll",
    read_by="poll",
    about="How far each poller has read its source.",
    partitions=1,
    config=_input(**{"cleanup.policy": "compact"}),
)
COMPLETENESS = Topic(
    "completeness.page.v1",
    key="flow",
    written_by="worker with the stock lane",
    read_by="status pages, completeness; the next page",
    about="The closing of a flow over some time: every source entity in one state, what is missing by its name.",
    partitions=1,
    config=_kept(400),
)
DEAD_LETTER = Topic(
    "dead-letter.v1",
    key="key of the original",
    written_by="guard, stock lane",
    read_by="operators",
    about="Records that were set aside: key, value and headers unchanged, what happened in dl_… headers.",
    config=_kept(90),
)

TOPICS: tuple[Topic, ...] = (
    STOCK_CHANGE,
    WMS_SNAPSHOT,
    FULFILMENT_EVENT,
    ERP_ORDER_EVENT,
    CARRIER_EVENT,
    HOLD,
    REBASE,
    RESERVATION_REQUEST,
    RESERVATION,
    DESIRED,
    ALERT,
    RECOUNT,
    COMMERCE_ORDER,
    COMMERCE_RETURN,
    ORDER_EVENT,
    *COMMANDS.values(),
    SHIPMENT,
    *OUTCOMES.values(),
    PRODUCT,
    PRICE,
    ACCOUNT,
    AUDIT,
    CONTROL,
    SOURCE_CURSOR,
    COMPLETENESS,
    DEAD_LETTER,
)
BY_NAME: Mapping[str, Topic] = MappingProxyType({topic.name: topic for topic in TOPICS})
WITHOUT_PEOPLE: frozenset[str] = frozenset(
    {STOCK_CHANGE.name, HOLD.name, REBASE.name, RESERVATION_REQUEST.name, RESERVATION.name, DESIRED.name}
)
"""Topics whose records hold no personal data; of any other topic nothing is shown or noted unasked."""
STOCK_INPUTS: tuple[Topic, ...] = (STOCK_CHANGE, HOLD, REBASE, RESERVATION_REQUEST)
"""What feeds the table stock-ledger, numbered by its place: the numbers are stored state."""
ORDER_INPUTS: tuple[Topic, ...] = (ORDER_EVENT, *OUTCOMES.values())
"""What feeds the table orders."""
NEWS_INPUTS: tuple[Topic, ...] = (
    FULFILMENT_EVENT,
    ERP_ORDER_EVENT,
    COMMERCE_RETURN,
    CARRIER_EVENT,
)
"""What feeds the table order-news."""
REPROCESSED: tuple[Topic, ...] = (*STOCK_INPUTS, COMMERCE_ORDER, *NEWS_INPUTS)
"""What can be read again beside live traffic: what follows from it is told again."""
ORDERS_READ: tuple[Topic, ...] = (COMMERCE_ORDER, *NEWS_INPUTS, *ORDER_INPUTS, *COMMANDS.values(), SHIPMENT)
REFERENCE: tuple[Topic, ...] = (PRODUCT, PRICE, ACCOUNT)
"""What workers read whole, each for itself, to check orders against."""
READ: tuple[Topic, ...] = (*STOCK_INPUTS, WMS_SNAPSHOT, DESIRED, *ORDERS_READ)
"""Every topic that a worker can read."""
STOCK_WRITTEN: tuple[Topic, ...] = (
    DESIRED,
    HOLD,
    REBASE,
    RESERVATION_REQUEST,
    RESERVATION,
    ALERT,
    RECOUNT,
    COMMERCE_OUTCOME,
)
"""What a worker writes of stock; REBASE and RECOUNT also for people on its pages."""
ORDERS_WRITTEN: tuple[Topic, ...] = (ORDER_EVENT, SHIPMENT, *COMMANDS.values(), *OUTCOMES.values())
"""What a worker writes of orders."""
POLLED: Mapping[str, Topic] = MappingProxyType(
    {
        "commerce-orders": COMMERCE_ORDER,
        "erp-orders": ERP_ORDER_EVENT,
        "erp-products": PRODUCT,
        "erp-prices": PRICE,
        "crm-accounts": ACCOUNT,
    }
)
"""Poller → the topic that it writes."""
