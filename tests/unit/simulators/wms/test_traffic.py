"""The model of the warehouses: what it may and may not do, whatever the seed."""

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.wms.actions import ACTIONS, MIX
from simulators.wms.model import WAREHOUSES, locations_of
from simulators.wms.record import SECOND, RecountRequest, StockRecord
from simulators.wms.rules import Fact, Rules
from simulators.wms.traffic import Traffic, WorldSettings
from simulators.wms.truth import tell

START = 1_763_700_000 * SECOND
seeds = st.integers(0, 10_000)


def stream(seed: int, acts: int = 150, *, items: int = 12, **world: object) -> tuple[Traffic, list[StockRecord]]:
    traffic = Traffic(WorldSettings(items=items, **world), Random(seed))  # type: ignore[arg-type] # test values
    records = list(traffic.opening(START))
    for number in range(acts):
        records += traffic.act(START + number * SECOND)
    return traffic, records


def scope_of(record: StockRecord) -> tuple[str, str | None, str, str, str]:
    place = record["source_system"], record["owner_code"], record["location_code"]
    return *place, record["sku"], record["bucket"]


def by_scope(records: list[StockRecord]) -> dict[object, list[StockRecord]]:
    scopes: dict[object, list[StockRecord]] = defaultdict(list)
    for record in records:
        scopes[scope_of(record)].append(record)
    return scopes


def request(sku: str, **asked: object) -> RecountRequest:
    plain: RecountRequest = {
        "request_id": "ask-1",
        "sku": sku,
        "source_system": "",
        "owner_code": None,
        "location_code": None,
        "bucket": None,
    }
    return {**plain, **asked}  # type: ignore[typeddict-item] # names of the request


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_the_same_seed_makes_the_same_stream(seed: int) -> None:
    assert stream(seed)[1] == stream(seed)[1]


def test_another_seed_makes_another_stream() -> None:
    assert stream(1)[1] != stream(2)[1]


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_no_bucket_ever_falls_below_zero(seed: int) -> None:
    _, records = stream(seed)

    assert all((record["resulting_quantity"] or 0) >= 0 for record in records)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_each_scope_is_numbered_without_gaps_and_its_times_rise(seed: int) -> None:
    for records in by_scope(stream(seed)[1]).values():
        numbers = [record["source_sequence"] for record in records]
        times = [record["effective_at"] for record in records]

        assert numbers == list(range(1, len(records) + 1)) or set(numbers) == {None}
        assert all(earlier < later for earlier, later in pairwise(times))


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_each_record_continues_from_the_quantity_before_it(seed: int) -> None:
    for records in by_scope(stream(seed)[1]).values():
        for before, after in pairwise(records):
            assert after["previous_quantity"] == before["resulting_quantity"]
        for record in records:
            added = record["quantity"] if record["kind"] == "DELTA" else 0
            start = record["previous_quantity"] if record["kind"] == "DELTA" else record["quantity"]
            assert start is not None
            assert start + added == record["resulting_quantity"]


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_the_truth_of_the_stream_is_what_the_books_hold(seed: int) -> None:
    traffic, records = stream(seed, items=6)

    truth = tell([Fact.of(record) for record in records], Rules(locations_of(WAREHOUSES)))

    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    signs = {"ON_HAND": 1, "ON_HOLD": -1, "AVAILABLE": 1}
    for account in traffic.books.accounts():
        pair = (account.place.warehouse.source_code, account.place.item.sku)
        expected[pair] += signs.get(account.bucket, 0) * Decimal(account.quantity).scaleb(-6)
    for allocation in traffic.floor.allocations:
        if allocation.commerce_order is None:
            pair = (allocation.place.warehouse.source_code, allocation.place.item.sku)
            expected[pair] -= Decimal(allocation.quantity).scaleb(-6)
    assert {pair: shown.quantity for pair, shown in truth.shown.items()} == {
        pair: quantity.quantize(Decimal("0.0001"), rounding="ROUND_FLOOR") for pair, quantity in expected.items()
    }


def test_every_act_of_the_mix_happens_and_every_bucket_moves() -> None:
    _, records = stream(3, acts=2500, items=20)

    reasons = {record["reason"] for record in records}
    assert {"RECEIPT", "PUTAWAY", "MOVE", "ALLOCATE", "DEALLOCATE", "PICK", "SHORT", "SHIP", "RETURN"} <= reasons
    assert {"ADJUSTMENT", "HOLD", "RELEASE", "SCRAP", "TRANSFER_OUT", "TRANSFER_IN", "CYCLE_COUNT"} <= reasons
    assert {record["bucket"] for record in records} == {"ON_HAND", "ALLOCATED", "ON_HOLD", "IN_TRANSIT", "AVAILABLE"}


def test_some_allocations_are_web_orders_and_some_are_not() -> None:
    _, records = stream(3, acts=400)

    orders = {bool(r["reference"] and r["reference"]["commerce_order"]) for r in records if r["bucket"] == "ALLOCATED"}
    assert orders == {True, False}


def test_a_drop_shipper_states_available_and_numbers_nothing() -> None:
    _, records = stream(5, acts=400)

    sent = [record for record in records if record["location_code"] == "DROPSHIP"]
    assert sent
    kinds = {(record["kind"], record["bucket"], record["source_sequence"]) for record in sent}
    assert kinds == {("ABSOLUTE", "AVAILABLE", None)}


def test_popular_items_move_most() -> None:
    _, records = stream(1, acts=3000, items=100)

    moves: dict[str, int] = defaultdict(int)
    for record in records:
        moves[record["sku"]] += 1
    assert moves["SKU-00001"] > 10 * moves["SKU-00099"]


def test_some_items_have_fractions_down_to_the_sixth_decimal() -> None:
    _, records = stream(1, acts=1, items=25)

    kilograms = [record for record in records if record["uom"] == "KG" and record["quantity"]]
    assert kilograms
    assert any(record["quantity"] % Decimal("0.0001") for record in kilograms)


def test_a_snapshot_states_every_stated_bucket_and_changes_nothing() -> None:
    traffic, records = stream(4)
    rules = Rules(locations_of(WAREHOUSES))
    facts = [Fact.of(record) for record in records]

    snapshot = traffic.snapshot(START + 86_400 * SECOND)

    assert {record["kind"] for record in snapshot} == {"ABSOLUTE"}
    assert {scope_of(r) for r in snapshot} == {scope_of(r) for r in records if r["bucket"] != "ALLOCATED"}
    after = tell(facts + [Fact.of(record) for record in snapshot], rules)
    assert after.shown == tell(facts, rules).shown


def test_a_snapshot_states_allocations_of_other_channels_where_that_is_wanted() -> None:
    traffic, records = stream(4, acts=300, state_allocations=True)
    systems = {warehouse.source_system for warehouse in WAREHOUSES}
    rules = Rules(locations_of(WAREHOUSES), allocated_absolute=dict.fromkeys(systems, "other"))
    facts = [Fact.of(record) for record in records]

    snapshot = traffic.snapshot(START + 86_400 * SECOND)

    assert any(record["bucket"] == "ALLOCATED" and record["quantity"] for record in snapshot)
    after = tell(facts + [Fact.of(record) for record in snapshot], rules)
    assert after.shown == tell(facts, rules).shown


def test_a_recount_states_the_scope_that_is_asked_for_and_no_other() -> None:
    traffic, records = stream(4)
    asked = next(record for record in records if record["bucket"] == "ALLOCATED")
    held = request(asked["sku"], location_code=asked["location_code"], bucket="ON_HAND")

    (answer,) = traffic.recount(held, START + 86_400 * SECOND)

    assert (answer["kind"], answer["reason"], answer["bucket"]) == ("ABSOLUTE", "CYCLE_COUNT", "ON_HAND")
    assert (answer["sku"], answer["location_code"]) == (asked["sku"], asked["location_code"])
    last = [r for r in records if scope_of(r) == scope_of(answer)][-1]
    assert answer["quantity"] == last["resulting_quantity"]
    assert answer["effective_at"] > last["effective_at"]


def test_a_recount_of_a_whole_item_asks_every_system_that_knows_it() -> None:
    traffic, records = stream(4)

    answers = traffic.recount(request("SKU-00001"), START + 86_400 * SECOND)

    known = {record["location_code"] for record in records if record["sku"] == "SKU-00001"}
    assert {answer["location_code"] for answer in answers} == known
    assert {answer["reason"] for answer in answers} == {"SNAPSHOT"}


@pytest.mark.parametrize("asked", [{"source_system": "erp:other"}, {"location_code": "NOWHERE"}, {"owner_code": "X"}])
def test_a_recount_of_what_is_not_ours_is_not_answered(asked: dict[str, object]) -> None:
    traffic, _ = stream(4)

    assert traffic.recount(request("SKU-00001", **asked), START) == []


def test_a_recount_gives_a_base_to_a_place_that_never_had_one() -> None:
    traffic, _ = stream(4, acts=0, without_base=1.0)

    answers = traffic.recount(request("SKU-00001"), START)

    assert answers
    assert {(answer["kind"], answer["quantity"]) for answer in answers} == {("ABSOLUTE", Decimal(0))}


def test_tied_counts_share_their_time_and_the_later_recorded_one_is_right() -> None:
    traffic = Traffic(WorldSettings(items=3, mix={"tied-count": 1}), Random(1))
    list(traffic.opening(START))

    provisional, final = traffic.act(START + SECOND)

    assert provisional["effective_at"] == final["effective_at"]
    assert provisional["recorded_at"] < final["recorded_at"]
    truth = tell([Fact.of(final), Fact.of(provisional)], Rules())
    assert truth.shown[final["location_code"], final["sku"]].quantity == final["quantity"].quantize(Decimal("0.0001"))


def test_overselling_needs_books_that_allow_it() -> None:
    mix = {"oversell": 1.0}
    strict = Traffic(WorldSettings(items=3, mix=mix), Random(1))
    lenient = Traffic(WorldSettings(items=3, mix=mix, allow_negative=True), Random(1))

    with pytest.raises(ValueError, match="would fall to"):
        strict.act(START)
    (record,) = lenient.act(START)
    assert record["resulting_quantity"] is not None
    assert record["resulting_quantity"] < 0


def test_an_unknown_act_in_the_mix_is_refused() -> None:
    with pytest.raises(ValueError, match="dance"):
        Traffic(WorldSettings(items=3, mix={"dance": 1}), Random(1))


def test_a_mix_in_which_nothing_can_start_is_refused() -> None:
    traffic = Traffic(WorldSettings(items=3, mix={"ship": 1}), Random(1))

    with pytest.raises(ValueError, match="acts was possible"):
        traffic.act(START)


def test_the_usual_mix_leaves_out_only_what_is_asked_for_by_name() -> None:
    assert set(ACTIONS) - set(MIX) == {"tied-count", "oversell"}
