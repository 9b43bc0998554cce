"""The documents of the contract as these books read them: strict, so that a sender's slip shows.

Written from `openapi.json` of the contract; a test compares the two.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
OrderId = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
Money = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}([.][0-9]{1,6})?$")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sender puts."""

    kind: Literal["invoice", "payment", "credit"]
    order_id: OrderId
    order_number: Text
    channel: Text
    document: Text
    account: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
    amount: Money
    happened_at: Moment
    cost_centre: str | msgspec.UnsetType = msgspec.UNSET
    purchase_order: str | msgspec.UnsetType = msgspec.UNSET
    payment_method: str | msgspec.UnsetType = msgspec.UNSET
    terms: str | msgspec.UnsetType = msgspec.UNSET
    order_total: Money | msgspec.UnsetType = msgspec.UNSET
    order_tax: Money | msgspec.UnsetType = msgspec.UNSET

    def differences(self, other: "Document") -> tuple[str, ...]:
        """Members that a booked reference keeps for ever and that are not the same."""
        return tuple(name for name in LASTING if getattr(self, name) != getattr(other, name))


LASTING = ("kind", "order_id", "document", "account", "currency")
