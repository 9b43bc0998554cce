"""From what an operator wrote to the frozen tables that the rules work with."""

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from streams.domain.lane_rules import LaneRules, Window
from streams.domain.order_checks import CheckPlan, OrderFacts
from streams.domain.order_lookup import LookUpRules
from streams.domain.quantities import from_decimal
from streams.domain.stock_rules import Owner, PairTable, StockRules
from streams.settings.tree import InventorySettings, OrderSettings, SkuClass

MICROS = 1_000_000


def stock_rules(settings: InventorySettings) -> StockRules:
    """The ledger's tables."""
    return StockRules(
        locations=MappingProxyType(dict(settings.locations)),
        units=MappingProxyType({unit: Fraction(factor) for unit, factor in settings.units.items()}),
        items=MappingProxyType(dict(settings.items)),
        owners=MappingProxyType(
            {place: Owner(owner.source_system, owner.owner_code) for place, owner in settings.owners.items()}
        ),
        allocations=MappingProxyType(dict(settings.allocations)),
        negative_allowed=frozenset(settings.negative_allowed),
        buffers=_pairs(settings.buffer, settings.buffers),
        thresholds=_pairs(settings.threshold, settings.thresholds),
        low_stock=_pairs(settings.low_stock, settings.low_stocks),
        backorders=frozenset(settings.backorders),
        count_wip=settings.count_wip,
        assume_zero_base=settings.assume_zero_base,
        horizon=int(settings.horizon_s * MICROS),
        future_tolerance=int(settings.future_tolerance_s * MICROS),
    )


def lane_rules(settings: InventorySettings) -> LaneRules:
    """Windows by class, in the order in which they are written."""
    return LaneRules(
        default=Window(settings.window_ms * 1000),
        classes=tuple((name, one.skus, _window(one)) for name, one in settings.classes.items()),
        last_units=from_decimal(settings.last_units),
        target=int(settings.latency_target_s * MICROS),
    )


def _window(sku_class: SkuClass) -> Window:
    if sku_class.at is not None:
        return Window(at=time.fromisoformat(sku_class.at))
    return Window((sku_class.window_ms or 0) * 1000)


def _pairs(default: Decimal, entries: Mapping[str, Decimal]) -> PairTable:
    return PairTable(from_decimal(default), MappingProxyType({key: from_decimal(n) for key, n in entries.items()}))


def look_up_rules(settings: OrderSettings) -> LookUpRules:
    """What is checked of orders, and against which tables of the shop."""
    plan = CheckPlan(MappingProxyType(dict(settings.checks_by_channel)), settings.checks)
    shop = OrderFacts(
        price_tolerance=settings.price_tolerance_ppm,
        countries=(frozenset(settings.countries) or _iso_countries()) if "address-valid" in plan.names else None,
        postcodes=MappingProxyType(dict(settings.postcode_patterns)),
        regions=frozenset(settings.region_countries),
        approved=frozenset(settings.approved_words),
    )
    return LookUpRules(plan, shop, completes=settings.complete_from_account)


KOSOVO = "XK"
"""Assigned by its users (European Union, carriers, Unicode CLDR), not by ISO; shops sell there."""


def _iso_countries() -> frozenset[str]:
    import pycountry  # noqa: PLC0415  a table that only this check needs

    return frozenset({KOSOVO, *(country.alpha_2 for country in pycountry.countries)})
