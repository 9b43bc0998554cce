"""Keys by the time at which they are due."""

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.due_queue import DueQueue


def test_the_key_that_has_been_due_for_longest_comes_first_and_none_before_its_time() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("late", 30)
    queue.add("early", 10)

    assert (queue.take(5), queue.next_at()) == (None, 10)
    assert [queue.take(40), queue.take(40), queue.take(40)] == ["early", "late", None]
    assert queue.next_at() is None


def test_a_time_that_was_brought_forward_no_longer_counts() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("a", 50)
    queue.add("a", 20)
    assert queue.take(20) == "a"
    queue.put_back("a", 90)

    assert (queue.take(60), queue.next_at()) == (None, 90)


def test_what_was_added_before_it_was_taken_elsewhere_is_no_longer_next() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("a", 50)
    queue.add("a", 20)
    queue.take(20)

    assert queue.next_at() is None


def test_a_taken_key_cannot_be_taken_again_before_it_is_put_back() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("a", 0)
    assert queue.take(0) == "a"

    queue.add("a", 7)

    assert queue.take(100) is None
    queue.put_back("a", None)
    assert (queue.take(6), queue.take(7)) == (None, "a")


def test_the_earliest_of_its_times_holds() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("a", 50)
    queue.add("a", 20)
    queue.add("a", 70)

    assert queue.next_at() == 20
    assert queue.take(20) == "a"
    queue.add("a", 90)
    queue.put_back("a", 40)
    assert queue.next_at() == 40
    assert len(queue) == 1


def test_a_key_that_is_put_back_with_nothing_to_do_is_gone() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.add("a", 0)
    queue.take(0)

    queue.put_back("a", None)

    assert (len(queue), queue.next_at()) == (0, None)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.booleans()), max_size=40))
def test_no_key_is_in_two_hands_and_none_is_lost(story: list[tuple[str, int, bool]]) -> None:
    queue: DueQueue[str] = DueQueue()
    held: set[str] = set()
    wanted: set[str] = set()
    for key, at, takes in story:
        if takes:
            taken = queue.take(9)
            assert taken not in held
            if taken is not None:
                held.add(taken)
                wanted.discard(taken)
        elif key in held:
            queue.put_back(key, at)
            held.discard(key)
            wanted.add(key)
        else:
            queue.add(key, at)
            wanted.add(key)
    for key in held:
        queue.put_back(key, None)

    left = set()
    while (found := queue.take(9)) is not None:
        left.add(found)
    assert left == wanted
