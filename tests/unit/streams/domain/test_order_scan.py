"""How far a shop was read: the place, what is known of it, and what is forgotten."""

import msgspec
import pytest

from schemas.models.document import OrderChange
from streams.domain import order_scan
from streams.domain.order_scan import (
    SEEN_AT_MOST,
    Memory,
    Scan,
    Seen,
    begun,
    ended,
    is_known,
    passed,
    scan_of,
    with_seen,
)

S = 1_000_000
OVERLAP = 300 * S


def change(entity_id: str = "7", at: int = 1000) -> OrderChange:
    return OrderChange(number=f"N{entity_id}", entity_id=entity_id, placed_at=0, updated_at=at * S)


def seen(entity_id: str = "7", at: int = 1000, *, is_sure: bool = True) -> Seen:
    return Seen(entity_id, at * S, f"e-{entity_id}", is_sure)


def test_a_round_begins_an_overlap_before_the_place_and_never_before_time() -> None:
    assert scan_of(begun(1000 * S), 1005 * S, OVERLAP) == Scan(700 * S, "", 1005 * S)
    assert scan_of(begun(100 * S), 5, OVERLAP).since == 0


def test_a_round_that_was_under_way_goes_on_where_it_was() -> None:
    memory = passed(begun(1000 * S), Scan(700 * S, "", 1005 * S), change(at=900))

    assert scan_of(memory, 9000 * S, OVERLAP) == Scan(900 * S, "7", 1005 * S)


def test_the_place_never_goes_back_nor_beyond_the_beginning_of_its_round() -> None:
    scan = Scan(700 * S, "", 1005 * S)

    places = [passed(begun(1000 * S), scan, change(at=at)).position // S for at in (900, 1003, 1020)]

    assert places == [1000, 1003, 1005]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ((), False),
        ((seen("8"),), False),
        ((seen(at=999),), False),
        ((seen(at=1000),), True),
        ((seen(at=1001),), True),
        ((seen(at=1000, is_sure=False),), False),
    ],
)
def test_a_change_is_known_once_it_or_a_later_one_was_read_after_its_second(
    known: tuple[Seen, ...], *, expected: bool
) -> None:
    assert is_known(msgspec.structs.replace(begun(0), seen=known), change()) is expected


def test_what_an_order_said_last_is_known_by_its_content() -> None:
    memory = with_seen(begun(0), seen())

    assert order_scan.was_stated(memory, "7", "e-7")
    assert not order_scan.was_stated(memory, "7", "e-8")
    assert not order_scan.was_stated(memory, "8", "e-7")


def test_of_each_order_the_newest_reading_is_kept_and_of_too_many_the_newest() -> None:
    memory = begun(0)
    for number in range(SEEN_AT_MOST + 10):
        memory = with_seen(memory, seen(str(number), at=number))
    memory = with_seen(memory, seen("11", at=9999))

    assert len(memory.seen) == SEEN_AT_MOST
    assert memory.seen[0].entity_id == "10"
    assert memory.seen[-1] == seen("11", at=9999)


def test_at_the_end_of_a_round_only_what_the_next_one_meets_is_remembered() -> None:
    scan = Scan(0, "", 2000 * S)
    memory = passed(begun(0), scan, change(at=1000))
    for at in (699, 700, 1000):
        memory = with_seen(memory, seen(str(at), at=at))

    over = ended(memory, OVERLAP)

    assert over.scan is None
    assert [one.entity_id for one in over.seen] == ["700", "1000"]


def test_a_round_that_only_went_on_is_no_news() -> None:
    memory = passed(begun(1000 * S), Scan(700 * S, "", 1005 * S), change(at=900))

    assert not order_scan.is_news(memory, passed(memory, Scan(700 * S, "", 1005 * S), change("8", at=901)))
    assert order_scan.is_news(memory, passed(memory, Scan(700 * S, "", 1005 * S), change("8", at=1001)))
    assert order_scan.is_news(memory, with_seen(memory, seen()))


def test_a_memory_is_read_as_it_was_written_and_another_form_is_refused() -> None:
    memory = with_seen(passed(begun(5), Scan(1, "", 2), change()), seen())

    assert order_scan.decode(order_scan.encode(memory)) == memory
    with pytest.raises(msgspec.MsgspecError, match="form 2"):
        order_scan.decode(order_scan.encode(Memory(2, 0, 0)))
    with pytest.raises(msgspec.MsgspecError):
        order_scan.decode("")
