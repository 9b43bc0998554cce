"""What the shop must show, computed from the records alone: the oracle that the application is measured against.

Written straight from the settled rules of the stock flow, slow and plain: accept in the order of the log, then sort
and fold.  Nothing here is shared with the application's ledger, nor with the model that made the traffic.

Left out, because they need more than the records: an operator's rebase, and the 24 hours after which a quantity that
is shipped and not posted is dropped.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any, NamedTuple

from simulators.wms.rules import Fact, Pair, Rules, in_sales_units, place_of, refusal

SHOWN_STEP = Decimal("0.0001")


class Shown(NamedTuple):
    """One source item: at most four decimals, never negative; status 1 is in stock."""

    quantity: Decimal
    status: int


class Scope(NamedTuple):
    place: str
    source_system: str
    owner_code: str | None
    sku: str
    bucket: str


@dataclass
class Truth:
    """The answer; `verdicts` stand in the order of the records.

    A verdict is counted, duplicate, too-old, contained, stale, or the reason of a dead letter.  "contained" and
    "stale" mean: already so when the record arrived.
    """

    shown: dict[Pair, Shown] = field(default_factory=dict)
    parked: set[Pair] = field(default_factory=set)
    """Pairs that no location has a base for: nothing is written."""
    without_base: set[tuple[str, str]] = field(default_factory=set)
    """(location, SKU) that count 0 because nothing was ever stated."""
    tied: set[Scope] = field(default_factory=set)
    verdicts: list[str] = field(default_factory=list)


@dataclass
class _Account:
    """What was accepted in one scope."""

    facts: list[tuple[int, Fact]] = field(default_factory=list)
    base: tuple[int, Fact] | None = None
    """The newest ABSOLUTE so far."""
    identities: set[object] = field(default_factory=set)
    by_age: list[tuple[int, int, object]] = field(default_factory=list)
    newest: int | None = None
    fold: int | None = None

    def verdict(self, fact: Fact, position: int, rules: Rules) -> str:
        identity = fact.event_id if fact.source_sequence is None else fact.source_sequence
        if identity in self.identities:
            return "duplicate"
        if self.fold is not None and fact.effective_at <= self.fold:
            return "too-old"
        self.facts.append((position, fact))
        self._remember(identity, fact.effective_at, rules)
        if fact.kind == "DELTA":
            return "counted" if self.base is None or fact.effective_at > self.base[1].effective_at else "contained"
        if self.base is not None and _strength((position, fact)) < _strength(self.base):
            return "stale"
        self.base = (position, fact)
        return "counted"

    def _remember(self, identity: object, effective_at: int, rules: Rules) -> None:
        """Identities live for the horizon, and no more of them than the bound; older ones are folded."""
        self.newest = effective_at if self.newest is None else max(self.newest, effective_at)
        self.identities.add(identity)
        heapq.heappush(self.by_age, (effective_at, len(self.facts), identity))
        horizon = self.newest - rules.horizon
        self.fold = horizon if self.fold is None else max(self.fold, horizon)
        if len(self.identities) > rules.remembered:
            self.fold = max(self.fold, self.by_age[0][0])
        while self.by_age and self.by_age[0][0] <= self.fold:
            self.identities.discard(heapq.heappop(self.by_age)[2])

    def is_tied(self) -> bool:
        if self.base is None:
            return False
        at = self.base[1].effective_at
        return sum(fact.kind == "ABSOLUTE" and fact.effective_at == at for _, fact in self.facts) > 1

    def quantity(self, rules: Rules) -> Decimal:
        """Base plus every DELTA effective after it; without a base the bucket starts at 0."""
        return _folded([fact for _, fact in self.facts], self.base and self.base[1], rules)

    def of_other_channels(self, rules: Rules) -> Decimal:
        """ALLOCATED without web orders: the shop has reserved those itself."""
        base = self.base and self.base[1]
        if base is not None and rules.allocated_absolute[base.source_system] == "web":
            base = None
        return _folded([fact for _, fact in self.facts if not fact.commerce_order], base, rules)


def _folded(facts: Sequence[Fact], base: Fact | None, rules: Rules) -> Decimal:
    deltas = [fact for fact in facts if fact.kind == "DELTA"]
    if base is not None:
        deltas = [base, *(fact for fact in deltas if fact.effective_at > base.effective_at)]
    return sum((in_sales_units(fact, rules) for fact in deltas), Decimal(0))


def _strength(statement: tuple[int, Fact]) -> tuple[int, int, int, int]:
    """Of several statements with one time the later recorded, then numbered, then logged one is newer."""
    position, fact = statement
    return fact.effective_at, fact.recorded_at, -1 if fact.source_sequence is None else fact.source_sequence, position


def tell(facts: Iterable[Fact], rules: Rules, holds: Sequence[Mapping[str, Any]] = ()) -> Truth:
    """What the shop must show after `facts`, given in the order of the log per SKU.

    `holds` are records of inventory.hold.v1: the highest revision of a hold counts.
    """
    truth = Truth()
    accounts: dict[Scope, _Account] = defaultdict(_Account)
    owners: dict[tuple[str, str, str], tuple[str, str | None]] = {}
    for position, fact in enumerate(facts):
        reason = refusal(fact, rules) or _foreign(fact, rules, owners)
        if reason is None:
            place = place_of(fact, rules) or ""
            scope = Scope(place, fact.source_system, fact.owner_code, fact.sku, fact.bucket)
            reason = accounts[scope].verdict(fact, position, rules)
        truth.verdicts.append(reason)
    truth.tied = {scope for scope, account in accounts.items() if account.is_tied()}
    _show(truth, accounts, rules, _held(holds))
    return truth


def _foreign(fact: Fact, rules: Rules, owners: dict[tuple[str, str, str], tuple[str, str | None]]) -> str | None:
    place = place_of(fact, rules) or ""
    sender = (fact.source_system, fact.owner_code)
    owner = rules.owners.get(place) or owners.setdefault((place, fact.sku, fact.bucket), sender)
    return None if owner == sender else "not-owner"


def _held(holds: Sequence[Mapping[str, Any]]) -> dict[Pair, Decimal]:
    """What holds add to (shipped and not posted) or take from (other channels) each pair."""
    newest: dict[str, Mapping[str, Any]] = {}
    for hold in sorted(holds, key=lambda one: one["revision"]):
        newest[hold["hold_id"]] = hold
    signs = {"SHIPPED_NOT_POSTED": 1, "ALLOCATION": -1}
    terms: dict[Pair, Decimal] = defaultdict(Decimal)
    for hold in newest.values():
        terms[hold["source_code"], hold["sku"]] += signs.get(hold["kind"], 0) * hold["quantity"]
    return terms


def _show(truth: Truth, accounts: Mapping[Scope, _Account], rules: Rules, held: Mapping[Pair, Decimal]) -> None:
    locations: dict[tuple[str, str], dict[str, _Account]] = defaultdict(dict)
    for scope, account in accounts.items():
        locations[scope.place, scope.sku][scope.bucket] = account
    sums: dict[Pair, Decimal] = {}
    for (place, sku), buckets in locations.items():
        pair = (rules.locations.get(place, place), sku)
        truth.parked.add(pair)
        counts = _count(buckets, rules)
        if counts is None:
            truth.without_base.add((place, sku))
        else:
            sums[pair] = sums.get(pair, Decimal(0)) + counts
    truth.parked -= set(sums)
    truth.shown = {pair: _shown(pair, total + held.get(pair, 0), rules) for pair, total in sums.items()}


def _count(buckets: Mapping[str, _Account], rules: Rules) -> Decimal | None:
    """What one location contributes; None where it has no base."""
    nothing = _Account()
    on_hand, available = buckets.get("ON_HAND", nothing), buckets.get("AVAILABLE", nothing)
    if on_hand.base is None and available.base is None and not rules.assume_zero_base:
        return None
    if _states_available(on_hand, available):
        return available.quantity(rules)
    allocated = buckets.get("ALLOCATED", nothing).of_other_channels(rules)
    return on_hand.quantity(rules) - buckets.get("ON_HOLD", nothing).quantity(rules) - allocated


def _states_available(on_hand: _Account, available: _Account) -> bool:
    """AVAILABLE replaces the formula; where a location states both, the newest statement picks."""
    if available.base is None or on_hand.base is None:
        return bool(available.base) or (on_hand.base is None and bool(available.facts) and not on_hand.facts)
    return _moment(available.base) > _moment(on_hand.base)


def _moment(statement: tuple[int, Fact]) -> tuple[int, int]:
    return statement[1].effective_at, statement[1].recorded_at


def _shown(pair: Pair, total: Decimal, rules: Rules) -> Shown:
    """The buffer belongs to the pair; floor at 0 and rounding touch the result only."""
    sellable = max(total - rules.buffers.get(pair, rules.buffer), Decimal(0))
    quantity = sellable.quantize(SHOWN_STEP, rounding=ROUND_FLOOR)
    return Shown(quantity, int(quantity > rules.threshold or pair in rules.backorders))
