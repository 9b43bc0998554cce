"""Outcome totals of a partition: added up once, kept with the state, and honest about topics made anew."""

from pathlib import Path

import rocksdict
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.version import Version
from streams.runtime.partition_store import PartitionStore
from streams.runtime.tally import Tally
from streams.runtime.versioned import unpack

topics = st.sampled_from(["a", "b"])
chunks = st.lists(
    st.tuples(
        st.lists(st.dictionaries(topics.map(lambda topic: f"{topic}/applied"), st.integers(-3, 9)), max_size=3),
        st.none() | st.dictionaries(topics, st.integers(0, 99)),
    ),
    max_size=20,
)


@given(chunks)
def test_counts_add_up_the_number_rises_and_upto_never_falls(
    written: list[tuple[list[dict[str, int]], dict[str, int] | None]],
) -> None:
    tally = Tally()
    for increments, upto in written:
        before, tally = tally, tally.plus(increments, upto)

        assert tally.number == before.number + 1
        assert all(tally.upto[topic] >= offset for topic, offset in before.upto.items())
        assert all(tally.upto.get(topic, 0) >= offset for topic, offset in (upto or {}).items())

    total = sum(number for increments, _ in written for one in increments for number in one.values())
    assert sum(tally.counts.values()) == total


def test_a_chunk_does_not_change_the_tally_before_it() -> None:
    tally = Tally()

    tally.plus([{"a/applied": 1}], {"a": 5})

    assert tally == Tally()


def test_the_version_of_the_next_chunk_is_the_one_it_is_stored_with() -> None:
    tally = Tally(number=4, epoch=7)

    promised = tally.next_version
    stored = tally.plus([], None).stored()

    assert promised == Version(7, 5) == stored[2] == unpack(stored[1])[0]


def test_it_is_read_from_the_store_as_it_was_written(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "p", rocksdict.Cache(1 << 20))
    tally = Tally().begun(7, {"a": ("id-1", 2)}).plus([{"a/applied": 3}], {"a": 12})

    assert Tally.read(store) == Tally()
    key, value, _ = tally.stored()
    store.write([(key, value)], 1)

    assert Tally.read(store) == tally
    store.close()


def test_an_assignment_notes_epoch_and_topics() -> None:
    tally = Tally(upto={"a": 5}, counts={"a/applied": 5}).begun(7, {"a": ("id-1", 0), "b": ("id-2", 0)})

    assert (tally.epoch, tally.incarnation("a"), tally.incarnation("unknown")) == (7, 0, 0)
    assert (tally.upto, tally.counts) == ({"a": 5}, {"a/applied": 5})


def test_a_topic_that_was_made_anew_is_accounted_for_from_its_beginning() -> None:
    tally = Tally().begun(7, {"a": ("id-1", 0), "b": ("id-2", 0)}).plus([{"a/applied": 5}], {"a": 50})
    tally = tally.plus([], {"b": 9})

    again = tally.begun(7, {"a": ("id-3", 1), "b": ("id-2", 0)})

    assert again.upto == {"b": 9}
    assert again.incarnation("a") == 1
    assert again.counts == {"a/applied": 5}
