"""Whether versions fall, read from a changelog: (version, what the entry has seen of the topic)."""

from types import SimpleNamespace
from typing import cast

from streams.domain import stock_entry
from streams.domain.stock_entry import StockEntry
from streams.domain.version import Version
from streams.flows import stock_keys
from streams.runtime.versioned import pack
from tests.faults.grid import logs
from tests.faults.system import System


class Message:
    def __init__(self, counter: int, seen: int, sku: str = "A") -> None:
        entry = StockEntry(counter=counter).seen_to(0, 0, seen)
        self._key = stock_keys.ENTRY + sku.encode()
        self._value = pack(Version(1, counter), stock_entry.encode(entry))

    def key(self) -> bytes:
        return self._key

    def value(self) -> bytes:
        return self._value


def read(*messages: Message) -> logs.Rises:
    return logs.versions(cast("System", SimpleNamespace(read=lambda _topic: list(messages))))


def test_versions_that_rise_are_counted_by_key() -> None:
    assert read(Message(1, 5), Message(2, 6), Message(1, 6, "B")) == logs.Rises(3, 0, [])


def test_a_lower_version_behind_a_higher_one_is_a_fall() -> None:
    assert read(Message(2, 6), Message(1, 5)).fallen == ["A: 1.1 after 1.2"]


def test_the_same_write_twice_is_nothing() -> None:
    assert read(Message(1, 5), Message(1, 5)) == logs.Rises(2, 0, [])


def test_an_entry_decided_again_from_more_records_is_no_fall() -> None:
    assert read(Message(1, 5), Message(1, 9)) == logs.Rises(2, 1, [])


def test_one_that_lands_behind_the_entry_that_was_decided_after_it_is_a_fall() -> None:
    found = read(Message(1, 9), Message(1, 5))

    assert len(found.fallen) == 1
    assert "has seen less" in found.fallen[0]
