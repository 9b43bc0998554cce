"""Every table, declared once: names and key prefixes are stored state.  docs/topics.md is written from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CHANGELOG_BATCH_BYTES = 8 << 20
"""A changelog takes one batch of this size: a group of writes is never torn."""


@dataclass(frozen=True, slots=True)
class TableSpec:
    """`partitions` 0 takes the setting, as the input topics do; `keys` says what each key prefix holds."""

    name: str
    partitions: int
    fed_by: tuple[str, ...]
    about: str
    keys: Mapping[str, str]


STOCK_LEDGER = TableSpec(
    "stock-ledger",
    partitions=0,
    fed_by=(
        "wms.stock-change.v1",
        "inventory.hold.v1",
        "inventory.rebase.v1",
        "inventory.reservation-request.v1",
        "wms.snapshot.v1",
    ),
    about="What each bucket of each location holds, per SKU.",
    keys=MappingProxyType(
        {
            "e": "entry of a SKU",
            "t": "a remembered movement, in order of time",
            "h": "an open hold",
            "r": "a reservation",
            "p": "which confirmed reservations wait for the goods of an order",
            "d": "when a reservation ends, or is forgotten, by itself",
            "o": "outbox: a message decided but not yet acknowledged",
            "m": "counts, epoch, topic ids, first users of location codes",
        }
    ),
)
STOCK_WRITE = TableSpec(
    "stock-write",
    partitions=1,
    fed_by=("inventory.desired.v1",),
    about="What Commerce should show, what it acknowledged, and the calls under way.",
    keys=MappingProxyType(
        {
            "e": "rows of a SKU",
            "i": "intent: a call that may be under way",
            "o": "outbox: a message decided but not yet acknowledged",
            "m": "counts, epoch, topic ids",
        }
    ),
)
ORDER_INTAKE = TableSpec(
    "order-intake",
    partitions=0,
    fed_by=("commerce.order.v1",),
    about="How many orders of the channels came in.",
    keys=MappingProxyType({"m": "counts, epoch, topic ids"}),
)
ORDER_NEWS = TableSpec(
    "order-news",
    partitions=0,
    fed_by=(
        "wms.fulfilment-event.v1",
        "erp.order-event.v1",
        "commerce.return.v1",
        "carrier.event.v1",
    ),
    about="How much WMS, ERP, carriers and channels said of orders.",
    keys=MappingProxyType({"m": "counts, epoch, topic ids"}),
)
ORDERS = TableSpec(
    "orders",
    partitions=0,
    fed_by=(
        "orders.event.v1",
        "erp.outcome.v1",
        "wms.outcome.v1",
        "crm.outcome.v1",
        "finance.outcome.v1",
        "carrier.outcome.v1",
        "commerce.outcome.v1",
    ),
    about="Where each order stands, and all that was said of it.",
    keys=MappingProxyType(
        {
            "e": "an order",
            "o": "outbox: commands decided but not yet acknowledged",
            "m": "counts, epoch, topic ids",
        }
    ),
)


def _work(name: str, topic: str, about: str, *, partitions: int = 0) -> TableSpec:
    return TableSpec(
        f"{name}-work",
        partitions=partitions,
        fed_by=(topic,),
        about=about,
        keys=MappingProxyType(
            {
                "e": "work of an order",
                "o": "outbox: an outcome not yet acknowledged",
                "m": "counts, epoch, topic ids",
            }
        ),
    )


WORK: Mapping[str, TableSpec] = MappingProxyType(
    {
        role: _work(role, f"{role}.command.v1", f"What the sink {role} still has to do, and the calls under way.")
        for role in (
            "erp",
            "wms",
            "crm",
            "carrier",
            "finance",
            "commerce",
        )
    }
)
SHIPMENT_WORK = _work(
    "shipment", "commerce.shipment.v1", "Shipments that are still to be posted, and the calls under way.", partitions=1
)

TABLES: tuple[TableSpec, ...] = (
    STOCK_LEDGER,
    STOCK_WRITE,
    ORDER_INTAKE,
    ORDER_NEWS,
    ORDERS,
    *WORK.values(),
    SHIPMENT_WORK,
)


def changelog(app_id: str, table: TableSpec) -> str:
    """Name of the table's changelog topic, as Faust makes it."""
    return f"{app_id}-{table.name}-changelog"


def changelog_config() -> Mapping[str, str]:
    """Compacted; a record may not vanish within the hour in which a zombie could still write an older one."""
    return MappingProxyType(
        {
            "cleanup.policy": "compact",
            "min.compaction.lag.ms": "3600000",
            "segment.ms": "86400000",
            "max.message.bytes": str(CHANGELOG_BATCH_BYTES + 65_536),
        }
    )
