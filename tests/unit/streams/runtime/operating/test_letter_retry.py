from collections.abc import Callable, Sequence

import pytest

from streams.runtime.lookback import Place
from streams.runtime.operating.letter_book import Wanted, newest_of_each
from streams.runtime.operating.letter_retry import STEADY, Fate, Pace, Retried, Retry, keep_going, stages
from streams.runtime.operating.letters import DeadLetter
from tests.fakes.still_clock import StillClock
from tests.unit.streams.runtime.operating.records import STOCK, letter


def letters(count: int) -> list[DeadLetter]:
    return [letter(number, origin=Place(STOCK, 0, number)) for number in range(count)]


class Told:
    """A watch that knows at once: `fate` by the letter's number."""

    def __init__(self, clock: StillClock, fate: Callable[[int], Fate]) -> None:
        self._clock, self._fate = clock, fate
        self.sent_in: list[int] = []

    def sent(self, letters: Sequence[DeadLetter]) -> None:
        self.sent_in.append(len(letters))

    def look(self, within_s: float) -> None:
        self._clock.after(within_s)

    def fate(self, letter: DeadLetter) -> Fate:
        return self._fate(letter.origin.offset)


def run(count: int, fate: Callable[[int], Fate], pace: Pace = STEADY) -> tuple[Retried, Told]:
    clock = StillClock()
    watch = Told(clock, fate)
    return Retry(lambda part: (part, ()), watch, clock, pace).run(letters(count), lambda _done, _total: None), watch


def test_one_goes_first_then_ten_then_the_rest_at_the_rate() -> None:
    sizes = [(len(part), awaited) for part, awaited in stages(letters(120), 50)]

    assert sizes == [(1, True), (10, True), (50, False), (50, False), (9, False)]


def test_every_letter_goes_out_once_in_order() -> None:
    chosen = letters(75)

    assert [one for part, _awaited in stages(chosen, 20) for one in part] == chosen


def test_all_that_were_taken_are_counted() -> None:
    ended, watch = run(120, lambda _number: Fate.TAKEN)

    assert (ended.sent, ended.taken, ended.left, ended.stopped) == (120, 120, 0, "")
    assert watch.sent_in == [1, 10, 50, 50, 9]


def test_a_probe_that_fails_again_stops_before_the_second_letter() -> None:
    ended, watch = run(120, lambda _number: Fate.FAILED)

    assert watch.sent_in == [1]
    assert (ended.sent, ended.left, ended.stopped) == (1, 119, "they fail again")


def test_more_than_a_twentieth_stops_it() -> None:
    ended, _watch = run(1000, lambda number: Fate.FAILED if number > 60 else Fate.TAKEN)

    assert ended.stopped == "they fail again"
    assert ended.sent < 200


def test_a_few_failures_do_not_stop_it_but_are_named() -> None:
    ended, _watch = run(200, lambda number: Fate.FAILED if number in (50, 150) else Fate.APPLIED)

    assert (ended.sent, ended.applied, ended.left) == (200, 198, 0)
    assert [one.origin.offset for one in ended.failed] == [50, 150]


def test_a_probe_that_nobody_reads_is_waited_for_and_then_nothing_more_goes_out() -> None:
    ended, watch = run(50, lambda _number: Fate.WAITING, Pace(50, 12))

    assert watch.sent_in == [1]
    assert (ended.sent, len(ended.waiting), ended.left) == (1, 1, 49)
    assert "12 s" in ended.stopped


def test_the_rest_goes_out_no_faster_than_the_rate() -> None:
    clock = StillClock()
    started = clock.monotonic()

    Retry(lambda part: (part, ()), Told(clock, lambda _n: Fate.TAKEN), clock, Pace(20)).run(
        letters(111), lambda *_: None
    )

    assert clock.monotonic() - started == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("results", "going"),
    [
        ([], True),
        ([False] * 5, True),
        ([True], False),
        ([False] * 19 + [True], True),
        ([False] * 18 + [True], False),
        ([False] * 200 + [True] * 3, False),
    ],
)
def test_three_in_a_row_or_more_than_a_twentieth_end_it(results: list[bool], *, going: bool) -> None:
    assert keep_going(results) is going


def test_a_frozen_set_keeps_the_newest_letter_of_each_record_and_says_how_many_are_left() -> None:
    first, again, other, third = letter(0), letter(3), letter(1, origin=Place(STOCK, 0, 9)), letter(2)
    late = letter(4, origin=Place(STOCK, 0, 10))

    chosen, more = newest_of_each(iter([first, other, third, again, late]), 2)

    assert chosen == [other, again]
    assert more == 1


def test_letters_are_chosen_by_reason_topic_key_group_and_id() -> None:
    one = letter(reason="bad-sku")

    assert Wanted().takes(one)
    assert Wanted("bad-sku", STOCK, "SKU-1", one.group[:4], frozenset((one.letter_id,))).takes(one)
    assert not Wanted(reason="wrong-key").takes(one)
    assert not Wanted(topic="inventory.hold.v1").takes(one)
    assert not Wanted(key="SKU-2").takes(one)
    assert not Wanted(group="zz").takes(one)
    assert not Wanted(ids=frozenset(("x-0-1",))).takes(one)
