"""Movements on disk behave as movements in memory, whatever was added and forgotten, in this batch or before."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.domain.movements import Movement, MovementList
from streams.domain.version import Version
from streams.flows import stock_keys
from streams.flows.stock_keys import derive_index
from streams.flows.stock_movements import StoredBook, StoredMovements
from streams.runtime.partition_store import PartitionStore
from tests.unit.streams.flows.partition import CACHE

SKU = "A"
TIMES = st.integers(-5, 30)


class Stored(RuleBasedStateMachine):
    """`StoredMovements` against `MovementList`; batches end at random, and then only the disk is left."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = PartitionStore(self.folder / "p", CACHE, derive_index)
        self.model = MovementList()
        self.all: list[Movement] = []
        self.number = 0
        self.writes = 0
        self.stored = self._opened()

    def _opened(self) -> StoredMovements:
        """As at the beginning of a batch: every identity of it is looked up."""
        prefix = stock_keys.scope(SKU, 1)
        known = {one.identity for one in self.all if self.store.get(stock_keys.index(prefix, one.identity)) is not None}
        return StoredMovements(self.store, SKU, 1, frozenset(known))

    @rule(at=TIMES, effect=st.integers(-9, 9))
    def remember(self, at: int, effect: int) -> None:
        self.number += 1
        movement = Movement(at, b"s%06d" % self.number, effect)
        self.model.add(movement)
        self.all.append(movement)
        self.stored.note(movement, ())

    @rule(at=TIMES)
    def forget_up_to(self, at: int) -> None:
        gone = tuple(self.model.up_to(at))
        assert tuple(self.stored.up_to(at)) == gone
        self.model.forget(gone)
        self.stored.note(None, gone)

    @rule(at=TIMES)
    def remember_and_forget_at_once(self, at: int) -> None:
        gone = tuple(self.model.up_to(at))
        self.number += 1
        movement = Movement(at + 1, b"s%06d" % self.number, 1)
        self.stored.note(movement, gone)
        self.model.forget(gone)
        self.model.add(movement)
        self.all.append(movement)

    @rule()
    def end_of_the_batch(self) -> None:
        self.writes += 1
        items = [(one.key, one.value) for one in self.stored.writes(Version(1, self.writes))]
        self.store.write(items, self.writes)
        self.stored = self._opened()

    @rule(at=TIMES)
    def ask(self, at: int) -> None:
        assert self.stored.sum_after(at) == self.model.sum_after(at)
        assert self.stored.first_after(at) == self.model.first_after(at)
        assert list(self.stored.up_to(at)) == list(self.model.up_to(at))
        oldest = self.model.first_after(-100)
        assert list(self.stored.up_to(at, oldest)) == list(self.model.up_to(at))

    @precondition(lambda self: len(self.model) > 0)
    @rule(data=st.data())
    def ask_for_the_oldest(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, len(self.model)))

        wanted = list(self.model.oldest(count))
        assert list(self.stored.oldest(count)) == wanted
        assert list(self.stored.oldest(count, wanted[0].at)) == wanted

    @invariant()
    def knows_the_same_identities(self) -> None:
        assert [one for one in self.all if self.stored.has(one.identity)] == [
            one for one in self.all if self.model.has(one.identity)
        ]

    def teardown(self) -> None:
        self.end_of_the_batch()
        assert list(self.stored.up_to(10**9)) == list(self.model.up_to(10**9))
        self.store.close()
        shutil.rmtree(self.folder)


TestStored = Stored.TestCase
TestStored.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


@pytest.fixture
def store(tmp_path: Path) -> PartitionStore:
    return PartitionStore(tmp_path / "p", CACHE, derive_index)


def test_scopes_of_one_sku_do_not_mix(store: PartitionStore) -> None:
    book = StoredBook(store, SKU, {})
    book.note(1, Movement(5, b"a", 10), ())
    book.note(2, Movement(5, b"a", 20), ())
    store.write(((one.key, one.value) for one in book.writes(Version(1, 1))), 1)

    again = StoredBook(store, SKU, {1: frozenset({b"a"})})

    assert (again.of(1).sum_after(0), again.of(2).sum_after(0), again.of(3).sum_after(0)) == (10, 20, 0)
    assert (again.of(1).has(b"a"), again.of(2).has(b"a")) == (True, False)


def test_skus_whose_names_begin_alike_do_not_mix(store: PartitionStore) -> None:
    for sku, effect in (("A", 1), ("AB", 2), ("A\x00", 4)):
        book = StoredBook(store, sku, {})
        book.note(0, Movement(5, b"a", effect), ())
        store.write(((one.key, one.value) for one in book.writes(Version(1, 1))), 1)

    assert [StoredBook(store, sku, {}).of(0).sum_after(0) for sku in ("A", "AB", "A\x00")] == [1, 2, 4]


def test_an_identity_that_is_used_again_in_the_batch_that_forgot_it_is_known_afterwards(store: PartitionStore) -> None:
    old, new = Movement(5, b"same", 1), Movement(50, b"same", 2)
    first = StoredMovements(store, SKU, 0, frozenset())
    first.note(old, ())
    store.write(((one.key, one.value) for one in first.writes(Version(1, 1))), 1)

    second = StoredMovements(store, SKU, 0, frozenset({b"same"}))
    second.note(None, (old,))
    second.note(new, ())
    store.write(((one.key, one.value) for one in second.writes(Version(1, 2))), 2)

    assert store.get(stock_keys.index(stock_keys.scope(SKU, 0), b"same")) is not None
