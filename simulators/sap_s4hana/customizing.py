"""What SAP's business rules refuse in a new order, with the messages they give.

Class and number of these messages are general knowledge; README.md says so.
"""

from collections.abc import Iterator

from simulators.core.wire import JsonValue
from simulators.sap_s4hana.errors import ODataError, business
from simulators.sap_s4hana.settings import Settings

Entity = dict[str, JsonValue]


def rows(entity: Entity, name: str) -> list[Entity]:
    """Entities of a deep insert, in either of its forms."""
    found = entity.get(name)
    listed = found.get("results") if isinstance(found, dict) else found
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def text(entity: Entity, name: str) -> str:
    value = entity.get(name)
    return value if isinstance(value, str) else ""


def plain_number(code: str) -> str:
    """SAP fills numbers up with zeros inside and shows them without."""
    return code.lstrip("0") if code.isdigit() else code


def complaint(order: Entity, settings: Settings) -> ODataError | None:
    """The first rule that the order breaks, or None."""
    found = next(_complaints(order, settings), None)
    return None if found is None else business(*found)


def _complaints(order: Entity, settings: Settings) -> Iterator[tuple[str, str]]:
    yield from _head(order, settings)
    for item in rows(order, "to_Item"):
        yield from _item(item, settings)
    for one in _everywhere(order, "to_PricingElement"):
        if text(one, "ConditionType") not in settings.condition_types:
            yield "VE/109", f"Condition type {text(one, 'ConditionType')} is missing in the pricing procedure"
    for one in _everywhere(order, "to_Text"):
        if text(one, "LongTextID") not in settings.text_ids:
            yield "TD/600", f"Text ID {text(one, 'LongTextID')} is not in the text determination procedure"


def _head(order: Entity, settings: Settings) -> Iterator[tuple[str, str]]:
    if text(order, "SalesOrderType") not in settings.order_types:
        yield "V1/311", f"Sales document type {text(order, 'SalesOrderType')} is not defined"
    area = tuple(text(order, name) for name in ("SalesOrganization", "DistributionChannel", "OrganizationDivision"))
    if area != settings.sales_area:
        yield "V1/312", f"Sales area {' '.join(area)} is not defined"
    account = plain_number(text(order, "SoldToParty"))
    if account not in settings.customers:
        yield "V1/313", f"Sold-to party {account} is not maintained for sales area {' '.join(area)}"
    if order.get("TransactionCurrency") and text(order, "TransactionCurrency") not in settings.currencies:
        yield "V1/314", f"Currency {text(order, 'TransactionCurrency')} is not defined"
    if order.get("CustomerPaymentTerms") and text(order, "CustomerPaymentTerms") not in settings.payment_terms:
        yield "V1/315", f"Terms of payment {text(order, 'CustomerPaymentTerms')} are not defined"
    for partner in rows(order, "to_Partner"):
        if plain_number(text(partner, "Customer")) not in settings.customers:
            yield "VP/112", "The partner is not maintained"


def _item(item: Entity, settings: Settings) -> Iterator[tuple[str, str]]:
    material = text(item, "Material")
    if material not in settings.materials:
        area = ", ".join(settings.sales_area)
        yield "V1/302", f"Material {material} is not defined for sales area {area}"
    if not text(item, "RequestedQuantity").strip("0."):
        yield "V1/316", "Enter a quantity"


def _everywhere(order: Entity, name: str) -> Iterator[Entity]:
    yield from rows(order, name)
    for item in rows(order, "to_Item"):
        yield from rows(item, name)
