"""What the stock lane tells people of beside its outcomes."""

from collections.abc import Sequence

from schemas.models.inventory import InventoryAlert
from schemas.models.source_item import StockPair
from streams.domain.derived_id import derived_id
from streams.domain.lane_rows import Unposted
from streams.runtime import outbox
from streams.runtime.outbox import Message
from streams.sinks.lane_context import LaneContext
from streams.topics import ALERT


async def tell_unknown_skus(at: LaneContext, skus: Sequence[str]) -> None:
    """The shop took stock of these SKUs, but its catalogue does not hold them.  A repeat has the same ids."""
    version, now = at.table.version, at.clock.micros()
    messages = []
    for sku in skus:
        alert = InventoryAlert(
            alert_id=derived_id("unknown-sku", at.gate.target, sku),
            sku=sku,
            kind="UNKNOWN_SKU",
            detail=f"{at.gate.target} takes its stock, but has no product of this SKU: create it, or map the item",
            epoch=version.epoch,
            counter=version.counter,
            at=now,
        )
        messages.append(Message(ALERT.name, sku.encode(), at.encode(ALERT.name, alert)))
    await outbox.send(at.writer, messages, generation=at.generation)


async def tell_expired_shipment(at: LaneContext, pair: StockPair, item: Unposted) -> None:
    """The shop did not post these goods in time, and they no longer count.  A repeat has the same id."""
    version = at.table.version
    alert = InventoryAlert(
        alert_id=derived_id("shipment-not-posted", at.gate.target, item.reference, pair.source_code, pair.sku),
        sku=pair.sku,
        source_code=pair.source_code,
        kind="HOLD_EXPIRED",
        quantity=item.quantity,
        detail=f"{at.gate.target} has not posted a shipment of order {item.order_id}: post it, or cancel its rest",
        epoch=version.epoch,
        counter=version.counter,
        at=at.clock.micros(),
    )
    message = Message(ALERT.name, pair.sku.encode(), at.encode(ALERT.name, alert))
    await outbox.send(at.writer, [message], generation=at.generation)
