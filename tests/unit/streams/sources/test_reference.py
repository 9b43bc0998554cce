"""Products, prices and accounts on their topics: whole at first, then what changed, and nothing that is gone."""

import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st
from structlog.typing import EventDict

from connectors.core.errors import TargetUnavailableError
from schemas.models.source_cursor import SourceCursor
from streams.runtime.metrics import POLL_WITHHELD, REGISTRY
from streams.sources.kafka_log import NotAppendedError
from streams.sources.known_rows import TopicUnreadableError
from streams.sources.poller import UnreadableCursorError
from streams.sources.reference import AT_ONCE, PRODUCTS
from tests.unit.streams.sources.reference_model import SOURCE, World, product


def world(*skus: str, **made: int) -> World:
    found = World(**made)
    found.source.put(*(product(sku) for sku in skus))
    return found


def withheld() -> float:
    return REGISTRY.get_sample_value("streams_poll_rows_withheld", {"poller": PRODUCTS}) or 0.0


def last_success() -> float:
    return REGISTRY.get_sample_value("streams_poll_last_success_timestamp_seconds", {"poller": PRODUCTS}) or 0.0


def test_the_first_round_puts_every_row_under_its_key_and_then_the_cursor() -> None:
    erp = world("A", "B", "C")

    done = erp.round()

    assert (done.found, erp.told) == (3, ["A", "B", "C"])
    assert {one.topic for one in erp.log.appended} == {"erp.product.v1"}
    assert set(erp.log.header("ce_source")) == {SOURCE}
    assert set(erp.log.header("ce_type")) == {"commerce.reference.v1.Product"}
    assert erp.cursors.kept[PRODUCTS].position == "end-3"


def test_afterwards_only_what_changed_is_written() -> None:
    erp = world("A", "B", "C")
    erp.round()

    assert erp.round().found == 0
    erp.source.put(product("B", at=9, is_discontinued=True))

    assert erp.round().found == 1
    assert erp.told == ["A", "B", "C", "B"]
    assert erp.table["B"].is_discontinued


def test_a_row_that_was_touched_and_says_the_same_is_not_written_again() -> None:
    erp = world("A")
    erp.round()

    erp.source.put(product("A", at=999))

    assert erp.round().found == 0


def test_a_source_that_stands_still_costs_no_cursor_a_round() -> None:
    erp = world("A", "B", "C")
    erp.round()
    before = erp.cursors.writes

    erp.round()
    erp.round()

    assert erp.cursors.writes == before


def test_all_rows_are_read_anew_after_their_time_and_what_is_gone_is_taken_away() -> None:
    erp = world("A", "B", "C")
    erp.round()
    erp.source.remove("B")
    assert erp.round().found == 0, "nobody tells of a deletion"

    erp.a_day_later()

    assert erp.round().found == 1
    assert erp.told == ["A", "B", "C", "-B"]
    assert erp.round().found == 0


def test_rows_that_another_bridge_wrote_are_not_taken_away_and_those_it_wrote_over_are_mended() -> None:
    erp = world("A", "B")
    erp.round()
    erp.write("OTHERS", b"{}")
    erp.write("A", b"{}")
    erp.a_day_later()

    erp.round()

    assert erp.told == ["A", "B", "OTHERS", "A", "A"]
    assert erp.log.appended[-1].value == erp.log.appended[0].value


def test_after_a_restart_nothing_is_written_again_but_what_is_read_of_the_overlap() -> None:
    erp = world("A", "B", "C")
    erp.round()

    erp.restart()

    assert erp.round().found == 1
    assert erp.told == ["A", "B", "C", "C"]
    erp.restart()
    erp.a_day_later()
    assert erp.round().found == 0, "the topic says all of it already"


def test_a_first_reading_that_was_killed_begins_anew_and_does_not_repeat_what_is_there() -> None:
    erp = world("A", "B", "C", "D", "E")
    erp.log.fail([None, None, None, NotAppendedError("no answer in time")])
    with pytest.raises(NotAppendedError):
        erp.round()
    erp.restart()

    erp.round()

    assert sorted(erp.table) == ["A", "B", "C", "D", "E"]
    assert erp.told == ["A", "B", "C", "D", "E"]
    assert erp.source.cursors[-3:] == ["", "mid-2", "mid-4"]


def test_a_row_that_was_not_acknowledged_is_written_with_the_next_round() -> None:
    erp = world("A")
    erp.round()
    erp.source.put(product("A", is_discontinued=True))
    erp.log.fail([NotAppendedError("no answer in time")])
    with pytest.raises(NotAppendedError):
        erp.round()

    erp.round()

    assert erp.table["A"].is_discontinued


def test_a_page_of_all_rows_that_was_not_acknowledged_is_read_again_before_the_next() -> None:
    erp = world("A", "B", "C")
    erp.log.fail([None, NotAppendedError("no answer in time")])
    with pytest.raises(NotAppendedError):
        erp.round()

    erp.round()

    assert erp.source.cursors == ["", "", "mid-2"]
    assert sorted(erp.table) == ["A", "B", "C"]


def test_a_reading_of_all_rows_keeps_a_cursor_when_it_begins_and_when_it_is_over() -> None:
    erp = world("A", "B", "C", "D", "E")

    assert erp.round().pages == 3

    assert erp.cursors.writes == 2


def test_a_source_that_fails_while_all_is_read_is_asked_for_the_rest() -> None:
    erp = world("A", "B", "C")
    erp.source.failures.extend([None, TargetUnavailableError("maintenance")])
    with pytest.raises(TargetUnavailableError):
        erp.round()

    erp.round()

    assert erp.source.cursors == ["", "mid-2", "mid-2"]
    assert erp.told == ["A", "B", "C"]


def test_where_the_topic_cannot_be_read_nothing_is_asked_and_nothing_is_taken_away() -> None:
    erp = world("A")
    erp.reads.append(TopicUnreadableError("topic erp.product.v1 cannot be read: brokers are away"))

    with pytest.raises(NotAppendedError):
        erp.round()

    assert erp.source.cursors == []
    assert erp.round().found == 1


def test_a_source_that_shows_much_less_than_before_takes_nothing_away_and_says_so(logged: list[EventDict]) -> None:
    """As with a right that was taken from the user: NetSuite answers with fewer rows, and with a good status."""
    erp = world(*(f"A-{number:02}" for number in range(40)), most=100)
    erp.round()
    for number in range(11):
        erp.source.remove(f"A-{number:02}")
    erp.a_day_later()

    assert erp.round().found == 0

    assert len(erp.table) == 40
    assert withheld() == 11
    assert [(one["missing"], one["known"]) for one in logged if one["event"] == "rows-withheld"] == [(11, 40)]
    erp.source.put(product("A-00"), product("A-01"))
    erp.a_day_later()
    assert erp.round().found == 9, "nine of forty are few enough"
    assert withheld() == 0


def test_a_source_that_shows_nothing_at_all_takes_nothing_away() -> None:
    erp = world("A")
    erp.round()
    erp.source.remove("A")
    erp.a_day_later()

    assert erp.round().found == 0
    assert "A" in erp.table


@pytest.mark.parametrize("comes_back", [True, False])
def test_rows_that_are_withheld_are_told_by_the_next_process_too_until_a_reading_of_all_rows_finds_them(
    comes_back: bool,  # noqa: FBT001  a case
) -> None:
    erp = world("A")
    erp.round()
    erp.source.remove("A")
    erp.a_day_later()
    erp.round()
    POLL_WITHHELD.labels(PRODUCTS).set(0)  # as in a new process

    erp.restart()
    erp.source.failures.append(TargetUnavailableError("maintenance"))
    with pytest.raises(TargetUnavailableError):
        erp.round()
    assert withheld() == 1, "told before the source answers"
    if comes_back:
        erp.source.put(product("A"))
    erp.round()
    assert withheld() == 1, "what changed says nothing of what is missing"

    erp.a_day_later()
    erp.round()
    erp.restart()
    erp.round()
    assert withheld() == (0 if comes_back else 1)


def test_a_memory_from_before_withheld_rows_were_kept_is_read() -> None:
    erp = world("A")
    erp.round()
    kept = erp.cursors.kept[PRODUCTS]
    whole_at = msgspec.json.decode(kept.memory)["whole_at"]
    memory = msgspec.json.encode({"whole_at": whole_at, "step": 1}).decode()
    erp.cursors.kept[PRODUCTS] = msgspec.structs.replace(kept, memory=memory)

    erp.restart()
    erp.round()

    assert withheld() == 0


def test_each_page_of_a_reading_of_all_rows_is_a_success_and_one_that_is_not_acknowledged_is_none() -> None:
    """It may take hours, and is well all the while."""
    erp = world("A", "B", "C", "D", "E")
    began = last_success()
    erp.clock.after(1_000)
    erp.source.failures.extend([None, TargetUnavailableError("maintenance")])
    with pytest.raises(TargetUnavailableError):
        erp.round()
    first = last_success()
    assert first >= began + 1_000

    erp.clock.after(1_000)
    erp.log.fail([NotAppendedError("no answer in time")])
    with pytest.raises(NotAppendedError):
        erp.round()
    assert last_success() == first


def test_a_page_of_what_changed_is_no_success_before_the_round_is_over() -> None:
    erp = world("A")
    erp.round()
    first = last_success()
    erp.source.put(product("B", at=2), product("C", at=3), product("D", at=4))
    erp.clock.after(1_000)
    erp.source.failures.extend([None, TargetUnavailableError("maintenance")])
    with pytest.raises(TargetUnavailableError):
        erp.round()

    assert erp.told == ["A", "B"], "one page came"
    assert last_success() == first


def test_very_many_rows_go_page_by_page() -> None:
    count = AT_ONCE + 5
    erp = World(most=10_000, share=1.0)
    erp.source.put(*(product(f"A-{number}") for number in range(count)), product("LAST"))
    erp.round()
    for number in range(count):
        erp.source.remove(f"A-{number}")
    erp.a_day_later()

    done = erp.round()

    assert (done.found, done.pages) == (count, 2)
    assert list(erp.table) == ["LAST"]


def test_a_row_that_no_record_can_carry_is_left_out_and_told(logged: list[EventDict]) -> None:
    erp = world("A", "C")
    erp.source.put(product("B", unit="x" * 1_000_000))

    assert erp.round().found == 2

    assert [one["key"] for one in logged if one["event"] == "row-unusable"] == ["B"]


def test_a_cursor_of_another_release_is_refused() -> None:
    erp = world("A")
    erp.cursors.kept[PRODUCTS] = SourceCursor(name=PRODUCTS, position="end-1", memory="{", at=0)

    with pytest.raises(UnreadableCursorError, match="erp-products"):
        erp.restart()


SKUS = st.sampled_from("ABCDE")
STEPS = st.one_of(
    st.tuples(st.just("put"), SKUS, st.booleans()),
    st.tuples(st.just("remove"), SKUS),
    st.tuples(st.just("round")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("day")),
    st.tuples(st.just("refuse"), st.integers(0, 4)),
    st.tuples(st.just("away"), st.integers(0, 2)),
    st.tuples(st.just("forget"), st.integers(0, 2)),
)


@hypothesis.given(steps=st.lists(STEPS, max_size=25), most=st.integers(1, 3))
def test_whatever_fails_meanwhile_the_topic_says_in_the_end_what_the_source_says(
    steps: list[tuple[Any, ...]], most: int
) -> None:
    erp = World(most=most)
    erp.source.put(product("KEPT"))
    for step in steps:
        _do(erp, *step)

    erp.source.failures.clear()
    erp.log.failures.clear()
    erp.cursors.failures.clear()
    erp.a_day_later()
    erp.round()
    erp.a_day_later()
    erp.round()

    wanted = {sku: row.is_discontinued for sku, (_, row) in erp.source.rows.items()}
    assert {sku: row.is_discontinued for sku, row in erp.table.items()} == wanted


def _do(erp: World, what: str, *given: object) -> None:
    if what == "put":
        sku, is_over = given
        erp.source.put(product(str(sku), is_discontinued=bool(is_over)))
    elif what == "remove":
        erp.source.rows.pop(str(given[0]), None)
    elif what == "round":
        with contextlib.suppress(NotAppendedError, TargetUnavailableError):
            erp.round()
    elif what in FAILURES:
        failing, error = FAILURES[what](erp)
        failing.extend([*[None] * int(str(given[0])), error])
    else:
        {"restart": erp.restart, "day": erp.a_day_later}[what]()


FAILURES: Mapping[str, Callable[[World], tuple[deque[Any], Exception]]] = {
    "refuse": lambda erp: (erp.log.failures, NotAppendedError("no answer in time")),
    "away": lambda erp: (erp.source.failures, TargetUnavailableError("maintenance")),
    "forget": lambda erp: (erp.cursors.failures, NotAppendedError("no answer in time")),
}
"""Whose next calls fail, and how."""
