"""The documents of the contract as this warehouse reads them: strict, so that a sender's slip shows.

Written from `openapi.json` of the contract; a test compares the two.
"""

from datetime import datetime
from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
OrderId = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
Quantity = Annotated[str, msgspec.Meta(pattern=r"^(?!0+([.]0+)?$)[0-9]{1,18}([.][0-9]{1,6})?$")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Address(_Document, frozen=True, kw_only=True):
    first_name: str | msgspec.UnsetType = msgspec.UNSET
    last_name: str | msgspec.UnsetType = msgspec.UNSET
    company: str | msgspec.UnsetType = msgspec.UNSET
    street: list[str] | msgspec.UnsetType = msgspec.UNSET
    city: str | msgspec.UnsetType = msgspec.UNSET
    region: str | msgspec.UnsetType = msgspec.UNSET
    region_code: str | msgspec.UnsetType = msgspec.UNSET
    postcode: str | msgspec.UnsetType = msgspec.UNSET
    country: str | msgspec.UnsetType = msgspec.UNSET
    telephone: str | msgspec.UnsetType = msgspec.UNSET


class Line(_Document, frozen=True, kw_only=True):
    line_id: Text
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    quantity: Quantity
    unit: str | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType = msgspec.UNSET
    options: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    configuration: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class Task(_Document, frozen=True, kw_only=True):
    """Equal content is equal values: the order of members does not matter."""

    order_id: OrderId
    source_code: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    lines: Annotated[list[Line], msgspec.Meta(min_length=1)]
    ship_to: Address | msgspec.UnsetType = msgspec.UNSET
    shipping_method: str | msgspec.UnsetType = msgspec.UNSET
    instructions: str | msgspec.UnsetType = msgspec.UNSET
    requested_at: Moment | msgspec.UnsetType = msgspec.UNSET
