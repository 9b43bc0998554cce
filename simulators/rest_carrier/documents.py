"""The documents of the contract as this carrier reads them: strict, so that a sender's slip shows.

Written from `openapi.json` of the contract; a test compares the two.
"""

import re
from typing import Annotated, TypeVar

import msgspec

_MEMBER = re.compile(r"at `\$\.?(.*)`")
_UNKNOWN = re.compile(r"unknown field `(\w+)`")
_MISSING = re.compile(r"required field `(\w+)`")

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


class UnfitDocumentError(Exception):
    """Not what was expected; `field` is the member that is to blame, like `lines[0].sku`, or empty."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(reason)
        self.field = field


DocumentT = TypeVar("DocumentT", Inquiry, Parcel)


def read(body: bytes, form: type[DocumentT]) -> DocumentT:
    """Raises UnfitDocumentError."""
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as problem:
        raise UnfitDocumentError(str(problem), _field(str(problem))) from problem
    except (msgspec.DecodeError, ValueError) as problem:
        raise UnfitDocumentError("not JSON", "") from problem


def _field(problem: str) -> str:
    place = _MEMBER.search(problem)
    inner = _UNKNOWN.search(problem) or _MISSING.search(problem)
    names = (place[1] if place else "", inner[1] if inner else "")
    return ".".join(name for name in names if name).replace("[...]", "")
