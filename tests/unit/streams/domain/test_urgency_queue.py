"""Of what is due the most urgent first; each key in one pair of hands."""

from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.cut_off import DAY_US, Urgency
from streams.domain.urgency_queue import UrgencyQueue

Key = TypeVar("Key")


def _drained(queue: UrgencyQueue[Key], now: int) -> list[Key]:
    found: list[Key] = []
    while (key := queue.take(now)) is not None:
        found.append(key)
    return found


def test_the_nearest_cut_off_goes_first_then_the_oldest() -> None:
    queue: UrgencyQueue[str] = UrgencyQueue()
    for key, how in {"old": Urgency(1), "young": Urgency(5), "late": Urgency(3, 900), "soon": Urgency(4, 500)}.items():
        queue.add(key, 10, how)

    assert _drained(queue, 10) == ["soon", "late", "old", "young"]


def test_what_missed_its_cut_off_while_it_waited_gives_way() -> None:
    queue: UrgencyQueue[str] = UrgencyQueue()
    queue.add("missed", 10, Urgency(1, 100))
    queue.add("first", 10, Urgency(1, 50))
    assert queue.take(20) == "first"
    queue.add("makes it", 20, Urgency(20, 300))

    assert _drained(queue, 150) == ["makes it", "missed"]


def test_a_later_command_of_a_key_can_make_it_more_urgent_and_never_less() -> None:
    queue: UrgencyQueue[str] = UrgencyQueue()
    queue.add("a", 10, Urgency(1))
    queue.add("b", 10, Urgency(1, 800))
    assert queue.take(10) == "b"
    queue.put_back("b", 10)
    queue.add("a", 10, Urgency(2, 700))
    queue.add("b", 10, Urgency(3))

    assert _drained(queue, 10) == ["a", "b"]


def test_a_key_that_is_taken_is_not_taken_again_before_it_is_put_back() -> None:
    queue: UrgencyQueue[str] = UrgencyQueue()
    queue.add("a", 10, Urgency(1))
    assert queue.take(10) == "a"
    queue.add("a", 10, Urgency(2))

    assert queue.take(10) is None
    queue.put_back("a", None)
    assert (queue.take(10), len(queue)) == ("a", 1)
    queue.put_back("a", None)
    assert (len(queue), dict(queue.waiting)) == (0, {})


def test_a_key_that_waits_for_its_time_is_not_taken_however_urgent() -> None:
    queue: UrgencyQueue[str] = UrgencyQueue()
    queue.add("later", 100, Urgency(1, 200))

    assert (queue.take(99), queue.next_at()) == (None, 100)
    assert queue.take(100) == "later"


@given(st.lists(st.tuples(st.integers(0, 50), st.none() | st.integers(1, 10**12), st.integers(0, 50)), max_size=40))
def test_every_key_comes_once_and_in_the_order_of_its_deadline(given_: list[tuple[int, int | None, int]]) -> None:
    queue: UrgencyQueue[int] = UrgencyQueue()
    for key, (since, cut_off, at) in enumerate(given_):
        queue.add(key, at, Urgency(since, cut_off))
    now = 60 + DAY_US // 2

    found = _drained(queue, now)

    hows = [Urgency(given_[key][0], given_[key][1]) for key in found]
    assert sorted(found) == list(range(len(given_)))
    assert [(how.deadline(now), how.since) for how in hows] == sorted((how.deadline(now), how.since) for how in hows)
