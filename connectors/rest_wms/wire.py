"""The JSON of the contract (`openapi.json`) and nothing of ours: bytes ↔ values.

Quantities are decimal text ("2.5"), so that no reader makes a float of them; what is absent is left out.
"""

import msgspec


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    first_name: str = ""
    last_name: str = ""
    company: str | None = None
    street: tuple[str, ...] = ()
    city: str = ""
    region: str | None = None
    region_code: str | None = None
    postcode: str | None = None
    country: str = ""
    telephone: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`options` and `configuration` are packing instructions: what was chosen for this line, by label."""

    line_id: str
    sku: str
    quantity: str
    unit: str | None = None
    note: str | None = None
    options: dict[str, str] = {}
    configuration: dict[str, str] = {}


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be picked at one warehouse; its id stands in the path."""

    order_id: str
    source_code: str
    lines: tuple[Line, ...]
    ship_to: Address | None = None
    shipping_method: str | None = None
    instructions: str | None = None
    requested_at: str | None = None


class TaskState(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is the WMS's own; `status` one of the words of `openapi.json`, or a later one."""

    task_id: str
    order_id: str
    number: str
    status: str


class StockState(msgspec.Struct, frozen=True, kw_only=True):
    """What is there and not promised, as decimal text."""

    sku: str
    available: str


class Health(msgspec.Struct, frozen=True):
    status: str


# Sorted, so that a repeated task is the same bytes whatever order its options came in.
encode = msgspec.json.Encoder(order="deterministic").encode

decode_state = msgspec.json.Decoder(TaskState).decode
decode_stock = msgspec.json.Decoder(StockState).decode
decode_health = msgspec.json.Decoder(Health).decode
