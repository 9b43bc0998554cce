"""From bytes to the ledger: every record is read, or set aside with the reason that fits."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from schemas.models.inventory import InventoryHold
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Admitted
from streams.domain.stock_entry import Cause
from streams.domain.stock_rules import Owner, StockRules
from streams.flows.record_reader import Bad
from streams.flows.stock_batch import Input, StockBatch
from streams.flows.stock_movements import StoredBook
from streams.flows.stock_records import Parsed, StockRecords
from streams.runtime.guard import IN_A_ROW, Guard, IntakePausedError
from streams.runtime.partition_store import PartitionStore
from streams.runtime.serde import Serde
from streams.topics import HOLD, REBASE, STOCK_CHANGE, STOCK_INPUTS
from tests.fakes.still_clock import StillClock
from tests.unit.streams.domain.ledger import T0, UNIT, hold_record
from tests.unit.streams.flows.partition import CACHE, EPOCH, Partition, Raw
from tests.unit.streams.flows.test_stock_batch import rebase_record
from tests.unit.streams.flows.wire import FOREIGN_ID, MemoryRegistry, change_bytes, hold_bytes, rebase_bytes

APPENDED = T0 // 1000
LIMIT = 1 << 12


class Reading:
    """The reader of the flow over a registry in memory."""

    def __init__(self, rules: StockRules | None = None) -> None:
        self.rules, self.registry, self.paused = rules or StockRules(), MemoryRegistry(), list[str]()
        guards = {topic.name: Guard(topic.name, lambda topic, _: self.paused.append(topic)) for topic in STOCK_INPUTS}
        self.serde = Serde(self.registry, StillClock(runs_freely=True))
        self.records = StockRecords(self.serde, self.rules, guards, LIMIT)

    def parse(self, *records: Raw) -> tuple[list[Parsed], list[Bad]]:
        topic = records[0].topic
        number = next(index for index, one in enumerate(STOCK_INPUTS) if one.name == topic)
        return asyncio.run(self.records.parse(Input(number, topic, 0), records))

    def reason(self, record: Raw) -> str:
        parsed, bad = self.parse(record)
        assert len(parsed) + len(bad) == 1
        return bad[0].refused.reason.value if bad else "parsed"


def raw(value: bytes | None, *, key: bytes | None = b"A", topic: str = STOCK_CHANGE.name, offset: int = 0) -> Raw:
    return Raw(topic, offset, key, value, timestamp=APPENDED)


# ── what can be read ─────────────────────────────────────────────────────────────────────────────


def test_a_record_is_read_with_its_cause_and_its_quantity_in_micros() -> None:
    parsed, bad = Reading().parse(raw(change_bytes(quantity=Decimal("-2.500000")), offset=42))

    assert bad == []
    one = parsed[0]
    assert isinstance(one.value, Admitted)
    assert (one.sku, one.value.change.quantity) == ("A", -2_500_000)
    assert one.cause == Cause(0, 42, T0)


def test_the_order_number_is_read_out_of_the_reference() -> None:
    reference = {"type": "SALES_ORDER", "id": "SO-1", "line": None, "commerce_order": "100001"}
    parsed, _ = Reading().parse(raw(change_bytes(bucket="ALLOCATED", reference=reference)))

    assert isinstance(parsed[0].value, Admitted)
    assert (parsed[0].value.change.web, parsed[0].value.change.counted) == (UNIT, 0)


def test_good_and_bad_records_keep_their_order() -> None:
    values = [change_bytes(), None, change_bytes(), b"junk", change_bytes(), change_bytes(kind="UNKNOWN")]

    parsed, bad = Reading().parse(*(raw(value, offset=offset) for offset, value in enumerate(values)))

    assert [one.record.offset for one in parsed] == [0, 2, 4]
    assert [(one.record.offset, one.refused.reason) for one in bad] == [
        (1, DeadReason.NULL_VALUE),
        (3, DeadReason.NOT_FRAMED),
        (5, DeadReason.UNKNOWN_KIND),
    ]


def test_a_schema_is_looked_up_once_for_a_whole_batch() -> None:
    reading = Reading()

    reading.parse(*(raw(change_bytes(), offset=offset) for offset in range(20)))
    reading.parse(raw(change_bytes()))

    assert len(reading.registry.asked) == 1


def test_while_the_registry_is_away_records_wait() -> None:
    reading = Reading()
    reading.registry.away = 3

    assert reading.reason(raw(change_bytes())) == "parsed"


# ── what cannot ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (raw(None), "null-value"),
        (raw(None, key=None), "null-value"),
        (raw(change_bytes(), key=None), "null-key"),
        (raw(change_bytes(), key=b"B"), "wrong-key"),
        (raw(change_bytes(), key=b""), "wrong-key"),
        (raw(change_bytes(), key=b"\xff\xfe"), "wrong-key"),
        (raw(b""), "not-framed"),
        (raw(b"\0\0\0"), "not-framed"),
        (raw(b"\0\0\0\xff\xff" + change_bytes()[5:]), "unknown-schema"),
        (raw(FOREIGN_ID.to_bytes(5, "big")), "wrong-record"),
        (raw(change_bytes()[:-3]), "undecodable"),
        (raw(change_bytes() + b"\0"), "bytes-left-over"),
        (raw(change_bytes(extras={"note": "x" * LIMIT})), "too-large"),
        (raw(change_bytes(sku=""), key=b""), "bad-sku"),
        (raw(change_bytes(effective_at=T0 + 301 * UNIT)), "effective-in-future"),
    ],
)
def test_a_record_that_cannot_be_read_is_set_aside_with_its_reason(record: Raw, reason: str) -> None:
    assert Reading().reason(record) == reason


def test_a_reason_never_quotes_a_whole_key() -> None:
    _, bad = Reading().parse(raw(change_bytes(), key=b"K" * 5000))

    assert len(bad[0].refused.detail) < 200


def test_an_unknown_schema_id_is_asked_for_again_only_now_and_then() -> None:
    reading = Reading()
    unknown = raw(b"\0\0\0\xff\xff" + change_bytes()[5:])

    assert [reading.reason(unknown) for _ in range(5)] == ["unknown-schema"] * 5
    assert len(reading.registry.asked) == 1


# ── holds and rebases ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "parsed"),
        ({"quantity": 0}, "parsed"),
        ({"sku": " A"}, "bad-sku"),
        ({"kind": "UNKNOWN"}, "unknown-kind"),
        ({"quantity": -1}, "negative-absolute"),
        ({"quantity": 10**18}, "parsed"),
        ({"quantity": 10**18 + 1}, "quantity-out-of-range"),
    ],
)
def test_a_hold_passes_a_door_of_its_own(changes: Mapping[str, object], reason: str) -> None:
    hold = msgspec.structs.replace(hold_record(1), **changes)

    assert Reading().reason(raw(hold_bytes(hold), key=hold.sku.encode(), topic=HOLD.name)) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "parsed"),
        ({"sku": ""}, "bad-sku"),
        ({"quantity": -1}, "negative-absolute"),
        ({"quantity": 10**18 + 1}, "quantity-out-of-range"),
    ],
)
def test_a_rebase_passes_a_door_of_its_own(changes: Mapping[str, object], reason: str) -> None:
    rebase = msgspec.structs.replace(rebase_record(5, at=0), **changes)

    assert Reading().reason(raw(rebase_bytes(rebase), key=rebase.sku.encode(), topic=REBASE.name)) == reason


def test_a_rebase_in_the_future_is_set_aside() -> None:
    rebase = rebase_record(5, at=3600)

    assert Reading().reason(raw(rebase_bytes(rebase), topic=REBASE.name)) == "effective-in-future"


def test_a_hold_at_a_source_with_an_endless_name_is_set_aside() -> None:
    hold = hold_record(1, source_code="x" * 2000)

    assert Reading().reason(raw(hold_bytes(hold), topic=HOLD.name)) == "name-too-long"


# ── rules that fail ──────────────────────────────────────────────────────────────────────────────


class _Broken(dict[str, Fraction]):
    """A table of a bad deploy."""

    def get(self, *_: object) -> NoReturn:
        raise RuntimeError("broken")

    def __bool__(self) -> bool:
        return True


class _BrokenOwners(dict[str, Owner]):
    def get(self, *_: object) -> NoReturn:
        raise RuntimeError("broken")

    def __bool__(self) -> bool:
        return True


def test_a_rule_that_fails_sets_its_record_aside_and_the_others_go_on() -> None:
    reading = Reading(StockRules(units=_Broken()))

    parsed, bad = reading.parse(raw(change_bytes()), raw(change_bytes(uom=None)))

    assert len(parsed) == 1
    assert bad[0].refused.reason is DeadReason.UNEXPECTED_ERROR
    assert "RuntimeError" in bad[0].refused.detail
    assert reading.paused == []


def test_a_rule_that_fails_on_every_record_pauses_the_intake() -> None:
    reading = Reading(StockRules(units=_Broken()))

    with pytest.raises(IntakePausedError):
        reading.parse(*(raw(change_bytes(), offset=offset) for offset in range(IN_A_ROW)))

    assert reading.paused == [STOCK_CHANGE.name]


def _fold(reading: Reading, parsed: Sequence[Parsed], store: PartitionStore) -> list[object]:
    batch = StockBatch(Input(0, STOCK_CHANGE.name, 0), reading.rules, EPOCH)
    entries = {one.sku: Partition.entry_of(store, one.sku) for one in parsed}
    for sku, entry in entries.items():
        batch.open(sku, entry, StoredBook(store, sku, {}))
    return [*reading.records.fold(batch, parsed, store)]


def test_a_fold_that_fails_on_every_record_pauses_the_intake_as_soon(tmp_path: Path) -> None:
    reading, store = Reading(StockRules(owners=_BrokenOwners())), PartitionStore(tmp_path / "p", CACHE)

    parsed, _bad = reading.parse(*(raw(change_bytes(), offset=offset) for offset in range(50)))
    assert all(_fold(reading, parsed, store))
    with pytest.raises(IntakePausedError):
        _fold(reading, parsed, store)

    assert reading.paused == [STOCK_CHANGE.name]


# ── repeats that the disk knows ──────────────────────────────────────────────────────────────────


def test_the_identities_of_a_batch_are_looked_up_in_their_own_scope(tmp_path: Path) -> None:
    reading = Reading()

    def parsed(*records: bytes, key: bytes = b"A") -> list[Parsed]:
        return reading.parse(*(raw(value, key=key, offset=offset) for offset, value in enumerate(records)))[0]

    first = parsed(change_bytes(source_sequence=7), change_bytes(source_sequence=8, bucket="ON_HOLD"))
    with Partition(tmp_path / "p") as partition:
        partition.fold(first)
        entries = {sku: partition.entry(sku) for sku in ("A", "B")}
        asked = [
            *parsed(change_bytes(source_sequence=7), change_bytes(source_sequence=8)),
            *parsed(change_bytes(source_sequence=7, location_code="W9")),
            *parsed(change_bytes(source_sequence=7, sku="B"), key=b"B"),
        ]
        known = reading.records.known_identities(partition.store, entries, asked)

    assert known == {"A": {0: frozenset({b"s" + (7).to_bytes(8, "big")})}}


def test_holds_are_not_looked_up_as_movements(tmp_path: Path) -> None:
    reading = Reading()
    parsed, _ = reading.parse(raw(hold_bytes(hold_record(1)), topic=HOLD.name))

    with Partition(tmp_path / "p") as partition:
        assert isinstance(parsed[0].value, InventoryHold)
        assert reading.records.known_identities(partition.store, {"A": partition.entry("A")}, parsed) == {}
