"""Which warehouse fulfils which lines: by rules, or not at all where the ERP decides.

The first rule whose conditions hold names the sources in the order of preference.  One source that has everything is
preferred to several; else each line goes to the first source that has all of it, and what nobody has goes to the first
source, which will say that it is short.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from schemas.models.order import Order


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Empty conditions hold always; `skus` is a pattern with `*` for any text."""

    sources: tuple[str, ...]
    countries: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    skus: str = "*"
    channels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """Without rules the ERP decides: its own orchestration makes the tasks."""

    rules: tuple[RoutingRule, ...] = ()

    @property
    def erp_decides(self) -> bool:
        return not self.rules


class Wanted(NamedTuple):
    """So much of a line is to be sent to some warehouse; micros."""

    line_id: str
    sku: str
    quantity: int


class Task(NamedTuple):
    """What one warehouse is asked to fulfil."""

    source_code: str
    lines: tuple[Wanted, ...]


class Routing(NamedTuple):
    """The tasks by source, and the lines for which no rule names one: a person must look."""

    tasks: tuple[Task, ...] = ()
    unrouted: tuple[Wanted, ...] = ()


Available = Mapping[tuple[str, str], int]
"""Micros by (source, SKU)."""


def route(order: Order, lines: Iterable[Wanted], rules: RoutingRules, available: Available | None = None) -> Routing:
    """Deterministic: the same order, lines, rules and availability give the same tasks.

    Without `available` the first source named gets the line.
    """
    if rules.erp_decides:
        return Routing()
    named = [(line, _sources(order, line.sku, rules)) for line in lines]
    unrouted = tuple(line for line, sources in named if not sources)
    routable = [(line, sources) for line, sources in named if sources]
    chosen = _chosen(routable, available)
    return Routing(
        tuple(Task(source, tuple(chosen[source])) for source in sorted(chosen)),
        unrouted,
    )


def _sources(order: Order, sku: str, rules: RoutingRules) -> tuple[str, ...]:
    return next((rule.sources for rule in rules.rules if _holds(rule, order, sku)), ())


def _holds(rule: RoutingRule, order: Order, sku: str) -> bool:
    address = order.shipping or order.billing
    return (
        (not rule.channels or order.channel in rule.channels)
        and (not rule.countries or address.country in rule.countries)
        and (not rule.regions or address.region_code in rule.regions)
        and _pattern(rule.skus).fullmatch(sku) is not None
    )


@lru_cache(maxsize=1024)
def _pattern(skus: str) -> re.Pattern[str]:
    """`*` is the only special character: SKUs may hold brackets and question marks."""
    return re.compile(".*".join(re.escape(part) for part in skus.split("*")), re.DOTALL)


def _chosen(routable: list[tuple[Wanted, tuple[str, ...]]], available: Available | None) -> dict[str, list[Wanted]]:
    """Lines by source; what one line takes is not there for the next."""
    whole = _one_for_all(routable, available)
    known: Available = {} if available is None else available
    places = {(source, line.sku) for line, sources in routable for source in sources}
    left = {place: known.get(place, 0) for place in places}
    chosen: dict[str, list[Wanted]] = {}
    for line, sources in routable:
        source = whole or next((one for one in sources if _has(one, line, left, available)), sources[0])
        left[source, line.sku] -= line.quantity
        chosen.setdefault(source, []).append(line)
    return chosen


def _has(source: str, line: Wanted, left: Available, available: Available | None) -> bool:
    return available is None or left[source, line.sku] >= line.quantity


def _one_for_all(routable: list[tuple[Wanted, tuple[str, ...]]], available: Available | None) -> str | None:
    """The most preferred source that every line may go to and that has all of it."""
    if not routable or available is None:
        return None
    needed: dict[str, int] = {}
    for line, _sources_of_line in routable:
        needed[line.sku] = needed.get(line.sku, 0) + line.quantity
    common = [source for source in routable[0][1] if all(source in sources for _line, sources in routable)]
    return next(
        (one for one in common if all(available.get((one, sku), 0) >= total for sku, total in needed.items())), None
    )
