"""An order as people write it, as the model: decimals as text, times in ISO 8601, as in schemas/examples."""

from schemas.binding import bind, to_model
from schemas.catalogue import COMMERCE_ORDER
from schemas.errors import DecodeError, EncodeError
from schemas.example_records import example_record
from schemas.models.order import Order
from streams.domain.order_id import unified_id


def read_order(text: str, order_id: str) -> Order:
    """Raises ValueError, which names the field, for what is no order or another order than `order_id`."""
    try:
        order = to_model(Order, bind(Order), example_record(COMMERCE_ORDER.schema, text))
    except (EncodeError, DecodeError, ValueError, AssertionError) as error:
        raise ValueError(f"this is no order: {error}"[:300]) from None
    if unified_id(order.channel, order.number) != order_id:
        raise ValueError(f"this is the order {unified_id(order.channel, order.number)}, not {order_id}")
    if not order.lines:
        raise ValueError("this is no order: it has no line")
    return order
