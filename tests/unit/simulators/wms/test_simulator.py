"""The simulator on a mock cluster: what it sends, what it writes down, and that its truth is the topic's."""

import json
import threading
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from confluent_kafka import Message

from simulators.wms.disturb import Disturbance
from simulators.wms.plan import Phase
from simulators.wms.poison import KINDS
from simulators.wms.producer import UndeliveredError, cloud_event, producer_config
from simulators.wms.record import RecountRequest, StockRecord
from simulators.wms.rules import Fact, Pair, Rules
from simulators.wms.simulator import WmsSimulator
from simulators.wms.traffic import Traffic, WorldSettings
from simulators.wms.truth import Shown, tell
from simulators.wms.wire import SNAPSHOT_TOPIC, STOCK_TOPIC, RecordCodec, frame, schema_of, unframe
from tests.fakes.registry import FakeRegistry
from tests.unit.simulators.wms.conftest import Start, SteppingClock, brokers_of, read_topic

CODEC = RecordCodec(schema_of(STOCK_TOPIC))
ROUGH = Disturbance(
    duplicate=0.1, duplicate_later=0.05, duplicate_after_s=0.1, reorder=0.2, hold_s=0.1, late=0.05, late_s=0.2
)


def record_of(message: Message) -> StockRecord:
    return CODEC.decode(unframe(message.value() or b"")[1])  # type: ignore[return-value] # the schema says so


def sent_by(simulator: WmsSimulator) -> list[Message]:
    simulator.drain()
    count = sum(simulator.producer.deliveries().delivered.values())
    return read_topic(brokers_of(simulator), STOCK_TOPIC, count)


def text(value: str | bytes | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


def headers_of(message: Message) -> dict[str, str | None]:
    headers = message.headers()
    assert isinstance(headers, list)
    return {name: text(value) for name, value in headers}


def sellable(traffic: Traffic) -> dict[tuple[str, str], Decimal]:
    """What the books hold for sale per Commerce source and SKU, rounded down; only for books without a deficit."""
    micros: Counter[tuple[str, str]] = Counter()
    signs = {"ON_HAND": 1, "ON_HOLD": -1, "AVAILABLE": 1}
    for account in traffic.books.accounts():
        micros[account.place.warehouse.source_code, account.place.item.sku] += (
            signs.get(account.bucket, 0) * account.quantity
        )
    for allocation in traffic.floor.allocations:
        if allocation.commerce_order is None:
            micros[allocation.place.warehouse.source_code, allocation.place.item.sku] -= allocation.quantity
    return {pair: Decimal(held // 100).scaleb(-4) for pair, held in micros.items()}


def murmur2(key: bytes) -> int:
    """Kafka's own partitioner hash (clients, Utils.murmur2), for keys whose length is a multiple of four or not."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(key)
    for start in range(0, len(key) - len(key) % 4, 4):
        k = int.from_bytes(key[start : start + 4], "little") * m & mask
        h = (h * m ^ (k ^ k >> 24) * m & mask) & mask
    if tail := key[len(key) - len(key) % 4 :]:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def test_the_journal_names_every_offset_of_the_topic(simulate: Start, tmp_path: Path) -> None:
    simulator = simulate(disturbance=ROUGH, journal=tmp_path / "journal.jsonl", clock=SteppingClock())
    simulator.opening()
    simulator.run(Phase(2, 100))
    simulator.poison(30)

    messages = sent_by(simulator)

    entries = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    journaled = {(e["partition"], e["offset"]): (e["key"], e["event_id"]) for e in entries}
    read = {
        (message.partition(), message.offset()): (text(message.key()), headers_of(message)["ce_id"])
        for message in messages
    }
    assert journaled == read
    assert len(entries) == len(read)
    assert {e["what"] for e in entries} >= {"normal", "duplicate", "duplicate-later", "reordered", "late", "bad-magic"}
    assert all((e["reason"] is None) != (e["what"] in KINDS) for e in entries)


def test_the_truth_is_what_the_topic_says(simulate: Start) -> None:
    simulator = simulate(disturbance=ROUGH, clock=SteppingClock())
    simulator.opening()
    simulator.run([Phase(2, 100), Phase(1, 0), Phase(1, 300, name="burst")])
    simulator.snapshot()

    facts = [Fact.of(record_of(message)) for message in sent_by(simulator)]

    truth = simulator.truth()
    assert truth.shown
    assert truth.shown == tell(facts, simulator.rules()).shown
    assert {"duplicate", "contained"} <= set(truth.verdicts)


def test_a_statement_says_what_the_books_hold_on_a_topic_of_its_own(simulate: Start, registry: FakeRegistry) -> None:
    registry.add(f"{SNAPSHOT_TOPIC}-value", schema_of(STOCK_TOPIC))
    simulator = simulate(clock=SteppingClock(), items=4)
    simulator.opening()
    simulator.run(Phase(1, 100))
    truth = simulator.truth().shown

    sent = simulator.statement()

    found = read_topic(brokers_of(simulator), SNAPSHOT_TOPIC, sent.counts["statement"])
    stated = [record_of(message) for message in found]
    assert len(stated) == sent.counts["statement"] > 0
    assert {record["kind"] for record in stated} == {"ABSOLUTE"}
    accounts = simulator._traffic.books.accounts()
    books = {f"{a.place.warehouse.code}/{a.place.item.sku}/{a.bucket}": max(a.quantity, 0) for a in accounts}
    for record in stated:
        place = f"{record['location_code']}/{record['sku']}/{record['bucket']}"
        assert int(record["quantity"] * 1_000_000) == books[place]
    assert simulator.truth().shown == truth


def test_the_truth_after_disturbances_is_what_the_books_hold(simulate: Start) -> None:
    simulator = simulate(disturbance=ROUGH, clock=SteppingClock(), items=4)
    simulator.opening()
    simulator.run(Phase(2, 150))
    simulator.drain()

    truth = simulator.truth()

    assert {pair: shown.quantity for pair, shown in truth.shown.items()} == sellable(simulator._traffic)
    assert {"duplicate", "contained", "stale"} & set(truth.verdicts)


def test_records_carry_key_frame_and_cloud_event_headers(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock())
    simulator.opening()

    for message in sent_by(simulator):
        record = record_of(message)
        headers = headers_of(message)
        assert message.key() == record["sku"].encode()
        assert unframe(message.value() or b"")[0] == simulator.schema.schema_id
        assert headers["ce_id"] == record["event_id"]
        assert headers["ce_source"] == f"/wms/{record['source_system']}"
        assert headers["ce_specversion"] == "1.0"
        assert headers["ce_type"] == "commerce.stock.v1.StockChange"


def test_values_can_be_made_by_somebody_else_from_a_moment_on(simulate: Start) -> None:
    simulator = simulate(items=2)
    simulator.opening()
    opened = len(sent_by(simulator))

    simulator.speak(lambda record: frame(7, CODEC.encode({**record, "bin_code": "NEW"})))
    simulator.snapshot()

    spoken = [unframe(message.value() or b"")[0] for message in sent_by(simulator)]
    assert spoken.count(7) == len(spoken) - opened > 0
    assert simulator.truth().shown


def test_the_time_of_a_cloud_event_is_exact() -> None:
    headers = dict(cloud_event("x", "wms", 1_763_700_000_000_001))

    assert headers["ce_time"] == "2025-11-21T04:40:00.000001Z"


def test_a_key_goes_to_the_partition_that_the_java_clients_choose(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock(), items=40)
    simulator.opening()
    partitions = len(simulator.producer.kafka.list_topics(STOCK_TOPIC, timeout=10).topics[STOCK_TOPIC].partitions)
    assert partitions > 1

    for message in sent_by(simulator):
        assert message.partition() == murmur2(message.key() or b"") % partitions


def test_without_disturbance_each_scope_arrives_in_its_order_also_from_several_threads(simulate: Start) -> None:
    simulator = simulate(items=3)
    simulator.opening()
    threads = [threading.Thread(target=simulator.burst, args=(400, 0.5)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    numbers: dict[object, list[int]] = defaultdict(list)
    for record in map(record_of, sent_by(simulator)):
        if record["source_sequence"] is not None:
            numbers[record["location_code"], record["sku"], record["bucket"]].append(record["source_sequence"])
    assert sum(map(len, numbers.values())) > 500
    assert all(seen == list(range(1, len(seen) + 1)) for seen in numbers.values())


def test_a_run_sends_as_many_ideal_changes_as_its_plan_says(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock())

    sent = simulator.run([Phase(2, 50), Phase(1, 200, name="burst"), Phase(5, 0, name="quiet")])

    assert sent.counts == Counter(normal=300)
    assert sent.behind_s < 0.01


def test_the_schedule_does_not_wait_for_a_slow_sender(simulate: Start, tmp_path: Path) -> None:
    class SlowClock(SteppingClock):
        def now(self) -> int:
            self.seconds += 0.05  # every look at the clock costs time, as slow sending would
            return super().now()

    simulator = simulate(clock=SlowClock())

    sent = simulator.run(Phase(1, 100))

    simulator.drain()
    entries, _ = simulator.journal.since(0)
    intended = sorted(entry["intended_at"] for entry in entries)
    assert sent.counts["normal"] == 100
    assert sent.behind_s > 1
    assert intended[-1] - intended[0] == pytest.approx(0.99, abs=1e-3)


def test_stopping_ends_a_plan_without_end(simulate: Start) -> None:
    simulator = simulate()
    running = threading.Thread(target=simulator.run, args=(Phase(float("inf"), 50),))
    running.start()

    simulator.stop()

    running.join(timeout=30)
    assert not running.is_alive()


def test_poison_is_named_with_its_reason_and_is_no_part_of_the_truth(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock())
    simulator.opening()
    before = simulator.truth()

    sent = simulator.poison(2 * len(KINDS))

    simulator.drain()
    entries, _ = simulator.journal.since(0)
    reasons = {entry["what"]: entry["reason"] for entry in entries if entry["what"] in KINDS}
    assert sent.counts.keys() == reasons.keys() == set(KINDS) - {"array-bomb", "foreign-schema-id"}
    assert reasons == {kind: KINDS[kind].reason for kind in reasons}
    assert simulator.truth().shown == before.shown
    assert len(simulator.truth().verdicts) == len(before.verdicts)


def test_the_bomb_needs_its_schema_and_leaves_ours_in_use(simulate: Start, registry: FakeRegistry) -> None:
    simulator = simulate(clock=SteppingClock())
    simulator.opening()

    sent = simulator.poison(1, ["array-bomb"])

    assert sent.counts == Counter({"array-bomb": 1})
    assert len(registry.subjects[f"{STOCK_TOPIC}-value"]) == 2
    assert simulate().schema == simulator.schema


def test_poison_needs_something_to_be_made_from(simulate: Start) -> None:
    with pytest.raises(ValueError, match="nothing was sent yet"):
        simulate().poison(1)


def test_poison_does_not_change_the_stream_of_good_records(simulate: Start) -> None:
    plain, poisoned = simulate(clock=SteppingClock()), simulate(clock=SteppingClock())
    for simulator in (plain, poisoned):
        simulator.opening()
    poisoned.poison(5, ["bad-magic"])
    for simulator in (plain, poisoned):
        simulator.run(Phase(1, 50))
        simulator.drain()

    first, second = ([d.fact for d in one.producer.deliveries().facts] for one in (plain, poisoned))
    assert first == second


def test_a_recount_is_answered_once_and_makes_up_for_what_is_still_held_back(simulate: Start) -> None:
    world = WorldSettings(items=10, state_allocations=True)
    simulator = simulate(clock=SteppingClock(), disturbance=Disturbance(late=0.5, late_s=1e6), world=world)
    simulator.opening()
    simulator.run(Phase(2, 100))
    request: RecountRequest = {
        "request_id": "r1",
        "sku": "SKU-00001",
        "source_system": "",
        "owner_code": None,
        "location_code": None,
        "bucket": None,
    }

    def shown() -> dict[Pair, Shown]:
        return {pair: item for pair, item in simulator.truth().shown.items() if pair[1] == request["sku"]}

    before = shown()
    first, again = simulator.answer_and_flush(request), simulator.answer_and_flush(request)
    answered = shown()
    simulator.drain()

    assert first.counts["recount"] > 0
    assert again.counts == Counter()
    assert before != answered == shown()


def test_the_clock_of_the_warehouse_may_start_in_the_past_and_catch_up(simulate: Start) -> None:
    clock = SteppingClock()
    simulator = simulate(clock=clock, behind_s=7200, speed=3600)
    simulator.opening()

    simulator.run(Phase(3, 20))

    simulator.drain()
    times = [delivery.fact.effective_at for delivery in simulator.producer.deliveries().facts]
    assert max(times) - min(times) > 3600 * 1_000_000
    assert max(times) <= clock.now()


def test_closing_sends_what_is_held_back_and_may_be_repeated(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock(), disturbance=Disturbance(late=1.0, late_s=1e6))
    held_back = simulator.run(Phase(1, 20))

    simulator.close()
    simulator.close()

    assert not held_back.counts
    assert simulator.producer.deliveries().delivered["late"] >= 20


def test_without_a_base_pairs_are_parked(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock(), world=WorldSettings(items=5, without_base=1.0, mix={"receipt": 1}))
    simulator.opening()
    simulator.run(Phase(1, 20))

    truth = simulator.truth()

    assert truth.shown == {}
    assert truth.parked


def test_rules_of_ones_own_change_the_truth(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock())
    simulator.opening()

    bare = simulator.truth(Rules())

    assert {source for source, _ in bare.shown} == {"WH-NORTH", "WH-SOUTH", "WH-SOUTH-2", "DROPSHIP"}


def test_a_record_that_the_broker_never_took_is_journaled_as_failed(simulate: Start) -> None:
    unreachable = {"test.mock.num.brokers": 0, "message.timeout.ms": 300, "log_level": 0}
    simulator = simulate(clock=SteppingClock(), properties=unreachable)
    simulator.opening()

    simulator.drain()

    deliveries = simulator.producer.deliveries()
    entries, _ = simulator.journal.since(0)
    assert deliveries.failed["normal"] == len(entries) > 0
    assert not deliveries.delivered
    assert {(entry["offset"], bool(entry["error"])) for entry in entries} == {(None, True)}
    assert simulator.truth().shown == {}


def test_records_that_are_not_acknowledged_in_time_are_an_error(registry: FakeRegistry, simulate: Start) -> None:
    simulator = simulate(properties={"test.mock.num.brokers": 0, "message.timeout.ms": 2_000, "log_level": 0})
    simulator.opening()

    with pytest.raises(UndeliveredError, match="not acknowledged"):
        simulator.producer.flush(0.01)


def test_the_producer_is_idempotent_and_partitions_like_the_rest() -> None:
    config = producer_config("broker:9092", {"linger.ms": 0})

    assert (config["enable.idempotence"], config["acks"], config["partitioner"]) == (True, "all", "murmur2_random")
    assert config["linger.ms"] == 0
