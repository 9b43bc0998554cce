"""From what an operator wrote to the frozen tables that the rules work with."""

from collections.abc import Mapping
from datetime import time, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from zoneinfo import ZoneInfo

from schemas.models.fulfilment_event import FulfilmentStep
from schemas.models.order_event import OrderEventKind
from streams.domain.cut_off import CutOffs, CutOffTable
from streams.domain.drift import Verdict
from streams.domain.lane_rules import LaneRules, Window
from streams.domain.lane_shipments import Limits
from streams.domain.order_checks import CheckPlan, OrderFacts
from streams.domain.order_lookup import LookUpRules
from streams.domain.order_names import KnownOrders
from streams.domain.order_news import NewsRules
from streams.domain.order_routing import RoutingRule, RoutingRules
from streams.domain.order_rules import OrderRules
from streams.domain.order_words import ERP, SAID_BY_SYSTEMS, WMS, OrderWords
from streams.domain.quantities import from_decimal
from streams.domain.reconciliation import ReconcileRules
from streams.domain.stock_rules import Owner, PairTable, StockRules
from streams.settings.comparisons import ReconcileSettings
from streams.settings.inventory import InventorySettings, SkuClass
from streams.settings.order_tables import WEEKDAYS, CutOffSettings, RoutingSettings, WordSettings
from streams.settings.orders import OrderSettings

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
        reserve_from=settings.reserve_from,
        last_units=from_decimal(settings.last_units),
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


def order_rules(settings: OrderSettings, roles: frozenset[str], shop: str) -> OrderRules:
    """`roles` are the targets that are connected, `shop` the channel of the shop itself."""
    return OrderRules(
        roles=roles,
        speakers=MappingProxyType({kind: frozenset(systems) for kind, systems in settings.speakers.items()}),
        shop_channels=frozenset((shop, *settings.shop_channels)),
        furthest=frozenset(settings.furthest),
        patience=int(settings.patience_s * MICROS),
        routing=RoutingRules(tuple(_routing_rule(one) for one in settings.routing)),
        label_at=settings.labels.at.upper(),
        services=MappingProxyType(dict(settings.labels.services)),
    )


def _routing_rule(one: RoutingSettings) -> RoutingRule:
    return RoutingRule(
        sources=one.sources,
        countries=frozenset(one.countries),
        regions=frozenset(one.regions),
        skus=one.skus,
        channels=frozenset(one.channels),
    )


def news_rules(settings: OrderSettings, stock: StockRules, shop: str) -> NewsRules:
    """A bare order number is one of the channel `shop`.

    Tasks of ours go to the sources of the routing rules, and of the table of locations.  Raises ValueError for a
    channel that no order can be named by.
    """
    sources = frozenset((*stock.locations.values(), *(source for one in settings.routing for source in one.sources)))
    channels = frozenset((shop, *settings.shop_channels, *settings.channels))
    return NewsRules(
        orders=KnownOrders(channels, shop, sources, settings.shop_numbers),
        words=order_words(settings.words),
        stock=stock,
        own_lines=frozenset(settings.own_lines),
    )


def order_words(settings: WordSettings) -> OrderWords:
    """Ours with the operator's over them."""
    erp: dict[str, OrderEventKind | None] = {**ERP, **{word: _kind(kind) for word, kind in settings.erp.items()}}
    wms: dict[FulfilmentStep, OrderEventKind | None] = {
        **WMS,
        **{step: _kind(kind) for step, kind in settings.wms.items()},
    }
    return OrderWords(erp=MappingProxyType(erp), wms=MappingProxyType(wms))


def _kind(word: str) -> OrderEventKind | None:
    return SAID_BY_SYSTEMS[word] if word else None


def shipment_limits(settings: InventorySettings) -> Limits:
    """How long shipped goods count, and how long their row rests."""
    return Limits(hold=int(settings.hold_limit_s * MICROS), rest=int(settings.posted_rest_s * MICROS))


def reconcile_rules(settings: ReconcileSettings, threshold: Decimal = Decimal(0)) -> ReconcileRules:
    """When the shop is compared by itself, and what is repaired; `threshold` is that of the inventory."""
    return ReconcileRules(
        every=timedelta(seconds=settings.every_s),
        full_at=time.fromisoformat(settings.full_at) if settings.full_at else None,
        calls_at_once=settings.calls_at_once,
        repair=frozenset(Verdict(kind) for kind in settings.repair),
        reservations_at=time.fromisoformat(settings.reservations_at) if settings.reservations_at else None,
        threshold=from_decimal(threshold),
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


def cut_off_table(settings: OrderSettings) -> CutOffTable:
    """By channel."""
    return MappingProxyType({channel: _cut_offs(one) for channel, one in settings.cut_offs.items()})


def _cut_offs(settings: CutOffSettings) -> CutOffs:
    return CutOffs(
        tuple(sorted(time.fromisoformat(text) for text in set(settings.at))),
        ZoneInfo(settings.zone),
        frozenset(WEEKDAYS.index(day) for day in settings.weekdays),
        settings.lead_days,
    )
