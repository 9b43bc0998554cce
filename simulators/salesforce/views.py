"""What the control routes show of the org, what they replace, and the seed that a reset returns to."""

from decimal import Decimal
from typing import Any

import msgspec

from simulators.core.wire import Number
from simulators.salesforce.objects import RULES
from simulators.salesforce.org import Org
from simulators.salesforce.settings import Settings, shown
from simulators.salesforce.table import Record

PRICE_BOOK = "01s000000000000001"


class ProductSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    price: Decimal = Decimal(10)
    active: bool = True


class Seed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price book with an entry for every product."""

    price_book_id: str = PRICE_BOOK
    products: tuple[ProductSeed, ...] = (
        ProductSeed("PUMP-P100", Decimal("489.00")),
        ProductSeed("PUMP-200", Decimal("450.00")),
        ProductSeed("VALVE-DN50", Decimal("74.50")),
        ProductSeed("SEAL-KIT-7", Decimal("12.90")),
        ProductSeed("CABLE-3X15", Decimal("1.15")),
        ProductSeed("MOTOR-M2", Decimal("1290.00")),
    )


class Parts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of PUT /_sim/state; what is absent stays."""

    settings: dict[str, Any] | None = None  # checked by settings.changed, which knows the names
    products: list[ProductSeed | str] | None = None
    price_book_id: str | None = None


class NewRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /_sim/records: what a person enters by hand, unchecked; with `id` changes or deletes that record."""

    object: str
    fields: msgspec.Raw = msgspec.Raw(b"{}")
    id: str | None = None
    deleted: bool = False


def merged(seed: Seed, parts: Parts) -> Seed:
    products = seed.products
    if parts.products is not None:
        products = tuple(ProductSeed(one) if isinstance(one, str) else one for one in parts.products)
    return Seed(parts.price_book_id or seed.price_book_id, products)


def build(seed: Seed) -> Org:
    org = Org()
    for product in seed.products:
        price = Number(str(product.price))
        id_ = org.insert("Product2", {"Name": product.code, "ProductCode": product.code, "IsActive": True})
        entry: Record = {
            "Pricebook2Id": seed.price_book_id,
            "Product2Id": id_,
            "UnitPrice": price,
            "IsActive": product.active,
        }
        org.insert("PricebookEntry", entry)
    return org


def show(org: Org, settings: Settings) -> dict[str, object]:
    tables = {kind: [org.shown(kind, id_, settings) for id_ in org.table(kind)] for kind in RULES}
    return {"settings": shown(settings), **tables}
