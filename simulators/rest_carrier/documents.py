"""The documents of the contract as this carrier reads them: strict, so that a sender's slip shows.

Written from `openapi.json` of the contract; a test compares the two.
"""

from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
OrderReference = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
Quantity = Annotated[str, msgspec.Meta(pattern=r"^(?!0+([.]0+)?$)[0-9]{1,18}([.][0-9]{1,6})?$")]


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
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    quantity: Quantity
    unit: str | msgspec.UnsetType = msgspec.UNSET


class Inquiry(_Document, frozen=True, kw_only=True):
    ship_from: str
    ship_to: Address
    lines: Annotated[list[Line], msgspec.Meta(min_length=1)]


class Parcel(_Document, frozen=True, kw_only=True):
    """Equal content is equal values: the order of members does not matter."""

    order_reference: OrderReference
    shipment_reference: Text | msgspec.UnsetType = msgspec.UNSET
    service: Text
    ship_from: str
    ship_to: Address
    lines: Annotated[list[Line], msgspec.Meta(min_length=1)]
