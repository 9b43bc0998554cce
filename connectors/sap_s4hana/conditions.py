"""Stated money as pricing conditions; pure, and nothing is computed.

A condition type is customizing, so the settings name it.  A discount has a minus sign: a type that is marked as a
deduction takes it as such, and one that is not would add it otherwise.
"""

from collections.abc import Iterator

from connectors.sap_s4hana.facts import decimal_text
from connectors.sap_s4hana.settings import Conditions
from connectors.sap_s4hana.wire import PriceBody
from schemas.models.order import OrderLine, Totals


def of_line(line: OrderLine, unit: str | None, currency: str, types: Conditions) -> Iterator[PriceBody]:
    """Price of one unit, discount and tax of the row; a discount of nothing is no condition."""
    if types.price and line.price is not None:
        yield PriceBody(
            condition_type=types.price,
            condition_rate_value=decimal_text(line.price),
            condition_currency=currency,
            condition_quantity="1" if unit else None,
            condition_quantity_unit=unit,
        )
    if types.discount and line.discount:
        yield _amount(types.discount, -line.discount, currency)
    if types.tax and line.tax is not None:
        yield _amount(types.tax, line.tax, currency)


def of_order(totals: Totals, currency: str, types: Conditions) -> Iterator[PriceBody]:
    """Shipping and its tax; discount and tax of the whole order are the sums of its lines and are not sent twice."""
    if types.shipping and totals.shipping is not None:
        yield _amount(types.shipping, totals.shipping, currency)
    if types.shipping_tax and totals.shipping_tax is not None:
        yield _amount(types.shipping_tax, totals.shipping_tax, currency)


def _amount(condition_type: str, micros: int, currency: str) -> PriceBody:
    return PriceBody(
        condition_type=condition_type, condition_rate_value=decimal_text(micros), condition_currency=currency
    )
