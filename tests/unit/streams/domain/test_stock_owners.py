"""Who may state a bucket of a location, and how many of them one SKU can have."""

from typing import Any

import pytest

from streams.domain import stock_entry
from streams.domain.stock_entry import ENTRY_LIMIT, SCOPES_AT_MOST
from streams.domain.stock_rules import Owner, StockRules
from tests.unit.streams.domain.ledger import HOUR, UNIT, Ledger, count, delta, hold_record, ledger_of

ERP: dict[str, Any] = {"source_system": "erp"}
OWNED = StockRules(owners={"W1": Owner("erp", "MANUFACTURER")})


def test_the_first_in_log_order_owns_a_bucket_of_a_location() -> None:
    ledger = ledger_of([count(10)])

    assert ledger.take(count(99, 1, **ERP), delta(1, 1, owner_code="TENANT-2")) == ["not-owner", "not-owner"]
    assert ledger.quantity() == 10


def test_another_bucket_or_location_can_have_another_owner() -> None:
    ledger = ledger_of([count(10)])

    told = ledger.take(delta(1, 1, bucket="ON_HOLD", **ERP), count(1, location_code="W2", **ERP))

    assert told == ["accepted", "accepted"]


def test_the_configured_owner_alone_may_state_a_location() -> None:
    ledger = Ledger(OWNED)

    told = ledger.take(count(10), count(10, **ERP), count(7, owner_code="MANUFACTURER", **ERP))

    assert told == ["not-owner", "not-owner", "accepted"]
    assert ledger.quantity() == 7


def test_the_owner_of_a_bucket_comes_before_the_owner_of_its_location() -> None:
    ledger = Ledger(StockRules(owners={"W1": Owner("wms"), "W1/ON_HOLD": Owner("erp")}))

    assert ledger.take(count(10), delta(1, bucket="ON_HOLD"), delta(1, bucket="ON_HOLD", **ERP)) == [
        "accepted",
        "not-owner",
        "accepted",
    ]


def test_a_refusal_names_owner_and_sender() -> None:
    ledger = ledger_of([count(10)])

    ledger.take(count(99, 1, **ERP))

    dead = ledger.verdicts[-1].dead
    assert dead is not None
    assert "'wms/'" in dead.detail
    assert "'erp/'" in dead.detail


# ── taking over ──────────────────────────────────────────────────────────────────────────────────


def _taken_over() -> Ledger:
    ledger = ledger_of([count(10, source_sequence=1), delta(5, 1, source_sequence=2)])
    ledger.rules = StockRules(owners={"W1": Owner("erp")})
    return ledger


def test_a_configured_owner_that_takes_a_place_over_starts_it_anew() -> None:
    ledger = _taken_over()

    assert ledger.take(count(3, 2, source_sequence=1, **ERP)) == ["accepted"]
    assert ledger.quantity() == 3
    assert len(ledger.entry.scopes) == 1
    assert len(ledger.book.of(0)) == 0


def test_until_it_speaks_the_former_owners_number_stands_but_its_records_are_refused() -> None:
    ledger = _taken_over()

    assert ledger.take(delta(1, 2, source_sequence=3)) == ["not-owner"]
    assert ledger.quantity() == 15


def test_a_refused_record_of_the_new_owner_leaves_the_former_owners_memory_alone() -> None:
    ledger = ledger_of([count(10, source_sequence=1), delta(5, 1, source_sequence=2)])
    ledger.rules = StockRules(owners={"W1": Owner("erp")}, locations={"W1": "W1"})
    beyond = [delta(10**12, at, **ERP) for at in range(2, 8)]

    told = ledger.take(*beyond)

    assert told == ["accepted"] * 4 + ["quantity-out-of-range"] * 2
    assert ledger.scope().remembered == len(ledger.book.of(ledger.scope().number)) == 4


def test_a_source_without_a_base_after_a_take_over_stays_shown_and_empty() -> None:
    ledger = _taken_over()

    ledger.take(delta(3, 2, **ERP))

    assert (ledger.source().shown, ledger.quantity()) == (True, 0)


def test_a_place_can_be_taken_over_where_the_sku_has_no_room_for_more() -> None:
    ledger = ledger_of([count(1, location_code=f"W{number}") for number in range(SCOPES_AT_MOST + 5)])
    ledger.rules = StockRules(owners={"W1": Owner("erp")})

    assert ledger.take(count(3, 1, location_code="W1", **ERP)) == ["accepted"]


def test_every_scope_has_a_number_of_its_own_and_none_is_used_again() -> None:
    ledger = _taken_over()
    ledger.take(delta(1, 2, bucket="ON_HOLD", **ERP), delta(1, 3, bucket="ON_HOLD", **ERP))
    ledger.take(count(3, 4, **ERP), count(3, 5, **ERP))

    assert [(scope.bucket, scope.number) for scope in ledger.entry.scopes] == [("ON_HAND", 2), ("ON_HOLD", 1)]
    assert ledger.entry.next_scope == 3


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────


def test_a_sku_has_room_for_two_hundred_buckets_of_ordinary_names() -> None:
    buckets = ("ON_HAND", "ALLOCATED", "ON_HOLD", "IN_TRANSIT", "WIP")
    records = [delta(1, bucket=bucket, location_code=f"WAREHOUSE-{n}") for n in range(40) for bucket in buckets]

    assert set(Ledger().take(*records)) == {"accepted"}


def _greedy(**names: str) -> Ledger:
    """As many locations as are taken, each number as large as it can become."""
    ledger = Ledger(StockRules(allocations={names.get("source_system", "wms"): "all"}))
    largest: dict[str, Any] = {"source_sequence": 2**63 - 1, "quantity": 10**18 - 1, "recorded_at": 2**62, **names}
    codes = [(f"{number:04d}" + names.get("location_code", ""))[:128] for number in range(SCOPES_AT_MOST + 50)]
    ledger.take(*(count(0, 1, bucket="AVAILABLE", **{**largest, "location_code": code}) for code in codes))
    more = {**largest, "bucket": "AVAILABLE", "source_sequence": 2**63 - 2, "resulting_quantity": 10**18}
    ledger.take(*(delta(1, 10**4, **{**more, "location_code": scope.location}) for scope in ledger.entry.scopes))
    return ledger


@pytest.mark.parametrize("letter", ["x", "ä", "☃", "😀"])
def test_an_entry_stays_within_64_kib_whatever_the_names_are(letter: str) -> None:
    long = letter * 128
    ledger = _greedy(source_system=long, owner_code=long, location_code=long)

    assert 10 < len(ledger.entry.scopes) < SCOPES_AT_MOST
    assert ledger.stored_bytes <= ENTRY_LIMIT


def test_an_entry_stays_within_64_kib_however_many_locations_are_made_up() -> None:
    ledger = _greedy()

    assert ledger.stored_bytes <= ENTRY_LIMIT
    assert ledger.take(count(1, location_code="ONE-MORE", source_system="wms")) == ["too-many-locations"]


def test_there_are_never_more_than_the_fixed_number_of_buckets() -> None:
    ledger = Ledger(StockRules(locations={f"{n}": "m" for n in range(SCOPES_AT_MOST + 1)}))

    told = ledger.take(*(count(1, location_code=f"{n}", source_system="w") for n in range(SCOPES_AT_MOST + 1)))

    assert told.count("too-many-locations") == 1


def test_an_entry_stays_within_64_kib_however_many_sources_holds_name() -> None:
    ledger = Ledger()

    for number in range(450):
        ledger.hold(hold_record(10**11, source_code=f"{number:0128d}", hold_id=str(number)))

    assert len(stock_entry.encode(ledger.entry)) <= ENTRY_LIMIT


def test_the_memory_of_a_bucket_stays_bounded_within_the_horizon() -> None:
    ledger = Ledger(StockRules(horizon=24 * HOUR))
    changes = [delta(1, at / 1000, source_sequence=at) for at in range(1, 4600)]

    remembered = 0
    for start in range(0, len(changes), 500):
        ledger.take(*changes[start : start + 500])
        remembered = max(remembered, ledger.scope().remembered)
        assert ledger.scope().remembered == len(ledger.book.of(0)) <= 4096

    assert remembered > 3500
    assert ledger.scope().value == 4599 * UNIT
    assert ledger.stored_bytes < 1024
