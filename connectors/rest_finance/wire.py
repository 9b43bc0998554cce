"""The JSON of the contract (`openapi.json`) and nothing of ours: bytes ↔ values.

Money is decimal text ("30.5"), so that no reader makes a float of it; what is absent is left out.
"""

from typing import Literal

import msgspec

Kind = Literal["invoice", "payment", "credit"]


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be booked; its reference stands in the path."""

    kind: Kind
    order_id: str
    order_number: str
    channel: str
    document: str
    account: str
    currency: str
    amount: str
    happened_at: str
    cost_centre: str | None = None
    purchase_order: str | None = None
    payment_method: str | None = None
    terms: str | None = None
    order_total: str | None = None
    order_tax: str | None = None


class DocumentState(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is the accounting system's own; `status` one of the words of `openapi.json`, or a later one."""

    reference: str
    kind: Kind
    number: str
    currency: str
    amount: str
    status: str


class Health(msgspec.Struct, frozen=True):
    status: str


encode = msgspec.json.Encoder().encode

decode_state = msgspec.json.Decoder(DocumentState).decode
decode_health = msgspec.json.Decoder(Health).decode
