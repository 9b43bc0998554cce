"""The ledger against an oracle that shares no line with it: the simulators' own reading of the settled rules."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from types import MappingProxyType

import pytest

from simulators.wms.actions import MIX
from simulators.wms.disturb import Disturbance
from simulators.wms.model import WAREHOUSES, locations_of
from simulators.wms.rules import Rules
from simulators.wms.traffic import WorldSettings
from simulators.wms.truth import Shown, Truth, tell
from streams.domain.quantities import to_decimal
from streams.domain.stock_rules import Owner, PairTable, StockRules
from tests.unit.streams.domain.ledger import HOUR, UNIT, Ledger
from tests.unit.streams.domain.wms_log import Logged, log_of

LOCATIONS = locations_of(WAREHOUSES)
BUFFER = MappingProxyType({"north|SKU-00001": 2 * UNIT, "south|*": UNIT})
SKUS = [f"SKU-{number:05d}" for number in range(1, 41)]
OURS = StockRules(
    locations=LOCATIONS,
    units={"EA": Fraction(1), "M": Fraction(1), "KG": Fraction(2)},
    buffers=PairTable(0, BUFFER),
    thresholds=PairTable(3 * UNIT),
)
THEIRS = Rules(
    locations=LOCATIONS,
    units={"EA": Decimal(1), "M": Decimal(1), "KG": Decimal(2)},
    buffers={("north", "SKU-00001"): Decimal(2), **{("south", sku): Decimal(1) for sku in SKUS}},
    threshold=Decimal(3),
)
ALIVE = {"accepted", "counted", "duplicate", "too-old", "contained", "stale"}
EQUAL_IN_EFFECT = {("accepted", "stale"), ("accepted", "contained")}
"""A count that loses a tie is remembered as one, and a web order may be part of a total that is stated later."""


@dataclass
class Company:
    """The ledgers of all SKUs of a log, folded in batches of random length."""

    rules: StockRules
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def read(self, log: list[Logged], rng: Random) -> None:
        start = 0
        while start < len(log):
            end = start + rng.randint(1, 60)
            self._batch(log[start:end])
            start = end

    def _batch(self, batch: list[Logged]) -> None:
        by_sku: dict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(batch):
            by_sku[one.change.sku].append(number)
        told = [""] * len(batch)
        for sku, numbers in by_sku.items():
            ledger = self.ledgers.setdefault(sku, Ledger(self.rules, sku))
            newest = batch[-1].appended_at
            for number, verdict in zip(
                numbers, ledger.take(*(batch[n].change for n in numbers), appended_at=newest), strict=True
            ):
                told[number] = verdict
        self.told += told

    @property
    def shown(self) -> dict[tuple[str, str], Shown]:
        return {
            (state.code, sku): Shown(to_decimal(state.quantity).quantize(Decimal("0.0001")), int(state.in_stock))
            for sku, ledger in self.ledgers.items()
            for state in ledger.entry.sources
            if state.shown
        }

    @property
    def over_released(self) -> set[tuple[str, str]]:
        """Pairs where more was released than had been allocated so far: the oracle adds that, the ledger does not."""
        return {
            (self.rules.source_of(scope.location) or "", sku)
            for sku, one in self.ledgers.items()
            for scope in one.entry.scopes
            if scope.bucket == "ALLOCATED" and scope.value < 0
        }

    @property
    def parked(self) -> set[tuple[str, str]]:
        return {
            (state.code, sku) for sku, one in self.ledgers.items() for state in one.entry.sources if not state.shown
        }

    @property
    def without_base(self) -> set[tuple[str, str]]:
        return {
            (place, sku)
            for sku, one in self.ledgers.items()
            for terms in one.terms.values()
            for place in terms.without_base
        }


def _compare(seed: int, log: list[Logged], ours: StockRules = OURS, theirs: Rules = THEIRS) -> list[Truth]:
    """What the oracle says after each third of the log, once the ledgers have been found to say the same."""
    company, facts, truths = Company(ours), [one.fact for one in log], []
    rng, third = Random(seed), len(log) // 3
    for start, end in ((0, third), (third, 2 * third), (2 * third, len(log))):
        company.read(log[start:end], rng)
        truths.append(tell(facts[:end], theirs))
        _agree(company, truths[-1])
    assert not company.over_released
    return truths


def _agree(company: Company, truth: Truth) -> None:
    doubtful = company.over_released
    assert company.shown.keys() == truth.shown.keys()
    for pair, shown in company.shown.items():
        assert shown == truth.shown[pair] or (pair in doubtful and shown.quantity <= truth.shown[pair].quantity)
    assert company.parked == truth.parked
    assert company.without_base == truth.without_base
    assert [_dead(one) for one in company.told] == [_dead(one) for one in truth.verdicts]
    differing = {
        (ours, theirs)
        for ours, theirs in zip(company.told, truth.verdicts, strict=True)
        if (ours == "accepted") != (theirs == "counted")
    }
    assert differing <= EQUAL_IN_EFFECT


def _dead(verdict: str) -> str | None:
    """The reason of a dead letter."""
    return None if verdict in ALIVE else verdict


@pytest.mark.parametrize("seed", range(6))
def test_rough_traffic_comes_to_what_the_oracle_says(seed: int) -> None:
    log = log_of(seed, world=WorldSettings(items=40, without_base=0.6), acts=900)

    truths = _compare(seed, log)

    kinds = Counter(truths[-1].verdicts)
    assert min(kinds["counted"], kinds["duplicate"], kinds["contained"], kinds["not-owner"], kinds["bad-sku"]) > 0
    assert len(truths[-1].shown) > 40
    assert truths[0].parked
    assert truths[0].without_base


@pytest.mark.parametrize("seed", range(3))
def test_traffic_that_comes_later_than_the_horizon_is_ignored_as_the_oracle_ignores_it(seed: int) -> None:
    """Without allocations: of those that are ignored, the release remains, which is more than was allocated."""
    very_late = Disturbance(duplicate=0.1, duplicate_later=0.1, duplicate_after_s=3000, late=0.1, late_s=2500)
    mix = {name: weight for name, weight in MIX.items() if name not in {"allocate", "deallocate", "pick", "ship"}}
    log = log_of(seed, world=WorldSettings(items=4, mix=mix), acts=900, disturbance=very_late)

    truths = _compare(seed, log, replace(OURS, horizon=HOUR // 3), replace(THEIRS, horizon=HOUR // 3))

    assert Counter(truths[-1].verdicts)["too-old"] > 20


@pytest.mark.parametrize("seed", range(2))
def test_ties_and_allocated_totals_come_to_what_the_oracle_says(seed: int) -> None:
    world = WorldSettings(items=15, state_allocations=True, mix={**MIX, "tied-count": 20})
    systems = {warehouse.source_system for warehouse in WAREHOUSES}

    truths = _compare(
        seed,
        log_of(seed, world=world, acts=900),
        replace(OURS, allocations=dict.fromkeys(systems, "other")),
        replace(THEIRS, allocated_absolute=dict.fromkeys(systems, "other")),
    )

    assert truths[-1].tied


def test_where_zero_is_assumed_nothing_is_parked() -> None:
    log = log_of(7, world=WorldSettings(items=30, without_base=0.5), acts=600)

    truths = _compare(7, log, replace(OURS, assume_zero_base=True), replace(THEIRS, assume_zero_base=True))

    assert not any(truth.parked for truth in truths)


def test_negative_stock_comes_to_what_the_oracle_says() -> None:
    world = WorldSettings(items=10, allow_negative=True, mix={**MIX, "oversell": 10})
    systems = frozenset(warehouse.source_system for warehouse in WAREHOUSES)

    truths = _compare(
        8,
        log_of(8, world=world, acts=600),
        replace(OURS, negative_allowed=systems),
        replace(THEIRS, negative_stock=systems),
    )

    assert Shown(Decimal("0.0000"), 0) in truths[-1].shown.values()


def test_configured_owners_come_to_what_the_oracle_says() -> None:
    owners = {"WH-SOUTH-2": ("wms:3pl", "MANUFACTURER"), "WH-SOUTH": ("wms:stranger", None)}
    ours = replace(OURS, owners={place: Owner(system, owner or "") for place, (system, owner) in owners.items()})

    truths = _compare(9, log_of(9, world=WorldSettings(items=20), acts=600), ours, replace(THEIRS, owners=owners))

    assert Counter(truths[-1].verdicts)["not-owner"] > 50
