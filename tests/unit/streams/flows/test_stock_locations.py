"""A plain location code belongs to the system that used it first, in log order and across restarts."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from schemas.models.stock_change import StockChange
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Admitted, Arrival, admit
from streams.domain.stock_entry import Cause
from streams.domain.stock_rules import Owner, StockRules
from streams.domain.version import Version
from streams.flows.stock_locations import LocationUsers
from streams.flows.stock_records import Parsed
from streams.runtime.partition_store import PartitionStore
from streams.topics import HOLD, STOCK_CHANGE
from tests.unit.streams.domain.ledger import T0, count, hold_record
from tests.unit.streams.flows.partition import CACHE, Raw

RULES = StockRules(locations={"W1": "main", "W2": "main", "erp/W2": "south"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PartitionStore]:
    opened = PartitionStore(tmp_path / "p", CACHE)
    yield opened
    opened.close()


def _parsed(changes: Sequence[StockChange], rules: StockRules) -> list[Parsed]:
    found = []
    for offset, change in enumerate(changes):
        admitted = admit(change, Arrival(offset, T0), rules)
        assert isinstance(admitted, Admitted)
        found.append(Parsed(Raw(STOCK_CHANGE.name, offset, b"A"), change.sku, Cause(0, offset, T0), admitted))
    return found


def _told(store: PartitionStore, *changes: StockChange, rules: StockRules = RULES) -> list[str]:
    """What a batch comes to, offset by offset; who used a code is stored as the flow stores it."""
    users = LocationUsers(store, rules)
    kept, refused = users.told_apart(_parsed(changes, rules))
    store.write(((one.key, one.value) for one in users.writes(Version(1, 1))), 1)
    assert {one.refused.reason for one in refused} <= {DeadReason.AMBIGUOUS_LOCATION}
    bad = {one.record.offset for one in refused}
    assert len(kept) + len(bad) == len(changes)
    return ["ambiguous" if offset in bad else "kept" for offset in range(len(changes))]


def test_a_second_system_with_the_same_plain_code_is_refused(store: PartitionStore) -> None:
    assert _told(store, count(), count(source_system="erp"), count(1, 1)) == ["kept", "ambiguous", "kept"]


def test_the_first_user_is_known_after_a_restart(store: PartitionStore) -> None:
    _told(store, count())

    assert _told(store, count(source_system="erp"), count()) == ["ambiguous", "kept"]


def test_codes_are_told_apart_one_by_one(store: PartitionStore) -> None:
    assert _told(store, count(), count(source_system="pos", location_code="W2")) == ["kept", "kept"]


def test_a_qualified_code_is_never_ambiguous(store: PartitionStore) -> None:
    changes = [count(location_code="W2"), count(location_code="W2", source_system="erp")]

    assert _told(store, *changes) == ["kept", "kept"]
    assert _told(store, count(location_code="W2", source_system="pos")) == ["ambiguous"]


def test_without_a_table_the_owner_of_each_bucket_decides_instead(store: PartitionStore) -> None:
    assert _told(store, count(), count(source_system="erp"), rules=StockRules()) == ["kept", "kept"]


def test_other_inputs_name_no_location(store: PartitionStore) -> None:
    hold = Parsed(Raw(HOLD.name, 0, b"A"), "A", Cause(1, 0, T0), hold_record())

    assert LocationUsers(store, RULES).told_apart([hold]) == ([hold], [])


def test_nothing_is_written_where_nothing_is_new(store: PartitionStore) -> None:
    users = LocationUsers(store, RULES)
    users.told_apart(_parsed([count()], RULES))
    writes = users.writes(Version(1, 7))
    store.write(((one.key, one.value) for one in writes), 1)

    again = LocationUsers(store, RULES)
    again.told_apart(_parsed([count(1, 1)], RULES))

    assert len(writes) == 1
    assert writes[0].version == Version(1, 7)
    assert again.writes(Version(1, 8)) == []
    assert msgspec.msgpack.decode((writes[0].value or b"")[13:]) == {"W1": "wms"}


def test_a_stranger_does_not_take_the_code_of_a_configured_owner(store: PartitionStore) -> None:
    rules = StockRules(locations={"W1": "main"}, owners={"W1": Owner("wms")})

    assert _told(store, count(source_system="stranger"), count(), rules=rules)[1] == "kept"
