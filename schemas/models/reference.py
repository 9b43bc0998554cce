"""What orders are checked against: items and prices as the ERP knows them, accounts as the CRM knows them.

Money is whole micros, times microseconds since 1970 in UTC.  Nothing here names a person.
Sources: schemas/avro/{erp.product,erp.price,crm.account}.v1.avsc.
"""

from typing import Literal

import msgspec

Credit = Literal["GIVEN", "REFUSED", "UNKNOWN"]


class Product(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An item that the ERP knows; `is_discontinued` where it no longer delivers it."""

    sku: str
    is_discontinued: bool = False
    unit: str | None = None
    make_to_order: bool = False
    source_system: str
    changed_at: int


class Price(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Of one unit, before discount and tax; `customer_group` None: for everybody who has no price of a group."""

    currency: str
    price: int
    customer_group: str | None = None


class ProductPrices(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Every price of one SKU: a price that is not in the list is no longer so."""

    sku: str
    prices: tuple[Price, ...] = ()
    source_system: str
    changed_at: int


class AccountMember(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An id under which a channel's orders name the account."""

    channel: str
    customer_id: str | None = None
    company_id: str | None = None


class Account(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`account_code`, `cost_centre` are the ERP's; `terms` as orders name them."""

    account_id: str
    members: tuple[AccountMember, ...] = ()
    account_code: str | None = None
    cost_centre: str | None = None
    terms: str | None = None
    credit: Credit = "UNKNOWN"
    needs_approval: bool = False
    source_system: str
    changed_at: int
