"""Alerts and recount requests: each says what happened where, and has the same id in every repeat."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from schemas.models.inventory import InventoryAlert, RecountRequest
from streams.domain.stock_rules import PairTable, StockRules
from streams.domain.version import Version
from streams.flows.stock_batch import SkuFold
from streams.flows.stock_messages import StockMessages
from streams.runtime.outbox import Message
from streams.topics import ALERT, RECOUNT, STOCK_CHANGE
from tests.unit.streams.domain.ledger import HOUR, T0, UNIT, count, delta
from tests.unit.streams.flows.partition import EPOCH, Partition, Value

VERSION = Version(EPOCH, 3)
NOW = T0 + 99


class Told:
    """What a batch has to tell; messages are kept as models, not as bytes."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self.models: list[InventoryAlert | RecountRequest] = []
        self.messages: list[Message] = []
        self.offset = 0

    def take(self, *values: Value, version: Version = VERSION) -> list[InventoryAlert | RecountRequest]:
        told = self.partition.take(values, self.offset)
        self.offset += len(values)
        return self.of(told.folds["A"], version)

    def of(self, fold: SkuFold, version: Version) -> list[InventoryAlert | RecountRequest]:
        self.models = []
        self.messages = StockMessages(self._encode).of(fold, version, 5, NOW)
        return self.models

    def _encode(self, topic: str, model: msgspec.Struct) -> bytes:
        assert isinstance(model, (InventoryAlert, RecountRequest))
        self.models.append(model)
        return topic.encode()


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    rules = StockRules(
        locations={"wms/W1": "main", "W2": "south"},
        items={"A": "SHOP-A"},
        low_stock=PairTable(5 * UNIT),
        horizon=HOUR,
    )
    with Partition(tmp_path / "p", rules) as partition:
        yield Told(partition)


def test_a_source_that_falls_to_its_low_line_is_an_alert(told: Told) -> None:
    told.take(count(10))

    models = told.take(delta(-6, 1))

    alert = models[0]
    assert isinstance(alert, InventoryAlert)
    assert (alert.sku, alert.source_code, alert.kind) == ("SHOP-A", "main", "LOW")
    assert (alert.quantity, alert.threshold, alert.at) == (4 * UNIT, 5 * UNIT, T0 + UNIT)
    assert (alert.epoch, alert.counter) == VERSION
    assert alert.detail == "4 left at main"
    assert [(one.topic, one.key) for one in told.messages] == [(ALERT.name, b"SHOP-A")]


@pytest.mark.parametrize(("units", "kind"), [(-10, "ZERO"), (-12, "ZERO"), (-5, "LOW")])
def test_the_kind_of_an_alert_follows_the_quantity(told: Told, units: float, kind: str) -> None:
    told.take(count(10))

    assert [one.kind for one in told.take(delta(units, 1)) if isinstance(one, InventoryAlert)] == [kind]


def test_a_source_that_has_plenty_again_is_back_in_stock(told: Told) -> None:
    told.take(count(0))

    assert [one.kind for one in told.take(delta(6, 1)) if isinstance(one, InventoryAlert)] == ["BACK_IN_STOCK"]


def test_a_number_in_doubt_asks_its_own_system_for_a_recount(told: Told) -> None:
    told.take(count(10, source_sequence=1, owner_code="OWN"))

    models = told.take(delta(-1, 1, source_sequence=2, previous_quantity=8 * UNIT, owner_code="OWN"))

    request = models[0]
    assert isinstance(request, RecountRequest)
    assert (request.sku, request.source_system, request.owner_code) == ("A", "wms", "OWN")
    assert (request.location_code, request.bucket, request.reason) == ("W1", "ON_HAND", "SUSPECT")
    assert request.cause is not None
    assert (request.cause.topic, request.cause.partition, request.cause.offset) == (STOCK_CHANGE.name, 5, 1)
    assert [(one.topic, one.key) for one in told.messages] == [(RECOUNT.name, b"A")]


def test_ties_and_records_that_come_too_late_ask_for_a_recount_with_their_reason(told: Told) -> None:
    told.take(count(50, location_code="W2"))

    tie = told.take(count(60, location_code="W2"))
    told.take(delta(1, 7200, location_code="W2"))
    late = told.take(delta(1, 5, location_code="W2"))

    assert [one.reason for one in (*tie, *late) if isinstance(one, RecountRequest)] == ["TIE", "TOO_OLD"]
    assert all(one.location_code == "W2" for one in (*tie, *late) if isinstance(one, RecountRequest))


def test_many_records_in_doubt_ask_once_a_batch_for_each_bucket_and_reason(told: Told) -> None:
    told.take(count(50, 7200), delta(1, 7200, bucket="ON_HOLD"))

    models = told.take(*(delta(1, at, bucket="ON_HOLD", event_id=f"late{at}") for at in range(9)))

    assert len(models) == 1


def test_nothing_is_told_where_nothing_happened(told: Told) -> None:
    told.take(count(10))

    assert told.take(delta(1, 1)) == []


def test_the_same_decision_has_the_same_ids_and_another_version_has_others(told: Told) -> None:
    told.take(count(10))
    fold = told.partition.take([delta(-6, 1), count(4, 1)], 1).folds["A"]

    first, again, later = (
        [_id(one) for one in told.of(fold, version)] for version in (VERSION, VERSION, VERSION.next())
    )

    assert first == again
    assert not set(first) & set(later)


def _id(model: InventoryAlert | RecountRequest) -> str:
    return model.alert_id if isinstance(model, InventoryAlert) else model.request_id
