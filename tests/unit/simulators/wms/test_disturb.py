"""Disturbance: nothing is lost, nothing is invented, and every arrival is named for what it is."""

from collections import Counter, defaultdict
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.wms.disturb import QUIET, Arrival, Disturbance, Disturber, disturbed
from simulators.wms.record import SECOND, StockRecord
from simulators.wms.traffic import Traffic, WorldSettings

START = 1_763_700_000 * SECOND
ROUGH = Disturbance(
    duplicate=0.2, duplicate_later=0.1, duplicate_after_s=60, reorder=0.3, window=10, hold_s=100, late=0.05, late_s=120
)
seeds = st.integers(0, 10_000)


def ideal(seed: int, acts: int = 150) -> list[StockRecord]:
    traffic = Traffic(WorldSettings(items=6), Random(seed))
    records = list(traffic.opening(START))
    for number in range(acts):
        records += traffic.act(START + number * SECOND)
    return records


def arrivals(records: list[StockRecord], disturbance: Disturbance, seed: int = 1) -> list[Arrival]:
    return list(disturbed(records, Disturber(Random(seed), disturbance)))


def test_without_disturbance_the_stream_arrives_as_it_is() -> None:
    records = ideal(1)

    assert arrivals(records, QUIET) == [Arrival(record, "normal") for record in records]


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_every_record_arrives_exactly_once_beside_its_duplicates(seed: int) -> None:
    records = ideal(seed)

    sent = arrivals(records, ROUGH, seed)

    originals = [record["event_id"] for record, what in sent if not what.startswith("duplicate")]
    assert sorted(originals) == sorted(record["event_id"] for record in records)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_a_duplicate_equals_its_original_and_comes_after_it(seed: int) -> None:
    seen: dict[str, StockRecord] = {}
    for record, what in arrivals(ideal(seed), ROUGH, seed):
        if what.startswith("duplicate"):
            assert seen[record["event_id"]] == record
        seen[record["event_id"]] = record


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_the_same_seed_disturbs_in_the_same_way(seed: int) -> None:
    records = ideal(seed)

    assert arrivals(records, ROUGH, seed) == arrivals(records, ROUGH, seed)


@given(seeds, st.integers(1, 10))
@settings(max_examples=20, deadline=None)
def test_no_record_is_overtaken_by_more_than_the_window_of_its_key(seed: int, window: int) -> None:
    records = ideal(seed)
    rank = {record["event_id"]: number for number, record in enumerate(records)}

    sent = arrivals(records, Disturbance(reorder=0.3, window=window, hold_s=1e6), seed)

    earlier: dict[str, list[int]] = defaultdict(list)
    for record, what in sent:
        mine = rank[record["event_id"]]
        overtakers = sum(other > mine for other in earlier[record["sku"]])
        assert overtakers <= window
        assert what == "reordered" or not overtakers
        earlier[record["sku"]].append(mine)


def test_every_kind_of_disturbance_happens_and_is_named() -> None:
    names = Counter(what for _, what in arrivals(ideal(1, acts=400), ROUGH))

    assert set(names) == {"normal", "duplicate", "duplicate-later", "reordered", "late"}


def test_a_late_record_comes_after_its_delay_by_the_warehouse_clock() -> None:
    first, second, third = ideal(1)[:3]
    disturber = Disturber(Random(1), Disturbance(late=1.0, late_s=120))
    assert disturber.push({**first, "effective_at": START}) == []
    disturber.settings = QUIET
    assert [what for _, what in disturber.push({**second, "effective_at": START + 119 * SECOND})] == ["normal"]

    sent = disturber.push({**third, "effective_at": START + 120 * SECOND})

    assert [(record["event_id"], what) for record, what in sent] == [
        (first["event_id"], "late"),
        (third["event_id"], "normal"),
    ]


def test_a_record_on_a_quiet_key_is_not_held_for_ever() -> None:
    first, second, third = (record for record in ideal(1)[:3])
    disturber = Disturber(Random(1), Disturbance(reorder=1.0, window=50, hold_s=5))
    disturber.push({**first, "sku": "A", "effective_at": START})
    disturber.settings = QUIET
    assert len(disturber.push({**second, "sku": "B", "effective_at": START + SECOND})) == 1

    sent = disturber.push({**third, "sku": "B", "effective_at": START + 6 * SECOND})

    assert [(record["sku"], what) for record, what in sent] == [("A", "reordered"), ("B", "normal")]
