"""Which of several words about one letter counts: people's acts close it, a worker's mark says how a retry ended."""

from itertools import permutations

import pytest

from streams.runtime.lookback import Place
from streams.runtime.operating.letter_claims import LASTS, Claim, rival
from streams.runtime.operating.letter_closings import Closing, closing_over, closings, is_open
from tests.unit.streams.runtime.operating.records import STOCK, audit, letter

ID = f"{STOCK}-3-120"
LETTER = Place("dead-letter.v1", 0, 0)
RETRIED = Place(STOCK, 3, 900)


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("retry-letter", "retried"),
        ("edit-letter", "edited"),
        ("discard-letter", "discarded"),
        ("supersede-letter", "superseded"),
    ],
)
def test_what_became_of_a_letter_has_a_name(action: str, state: str) -> None:
    one = letter()
    closing = closing_over(one, closings([(one.at + 1, audit(action, ID, closes=one.place))]))

    assert closing is not None
    assert closing.state == state


@pytest.mark.parametrize("sent", ["retry-letter", "edit-letter"])
def test_a_retry_that_newer_state_had_overtaken_is_superseded_whichever_word_came_first(sent: str) -> None:
    one = letter()
    words = [(20, audit("supersede-letter", ID, closes=RETRIED)), (30, audit(sent, ID, closes=LETTER))]
    words = [(one.at + at, word) for at, word in words]

    for order in permutations(words):
        closing = closing_over(one, closings(order))
        assert closing is not None
        assert (closing.state, closing.place) == ("superseded", LETTER)


def test_a_mark_alone_closes_nothing_and_says_nothing_of_a_discarded_letter() -> None:
    one = letter()
    mark = (one.at + 20, audit("supersede-letter", ID, closes=RETRIED))
    discarded = (one.at + 30, audit("discard-letter", ID, closes=LETTER))

    assert is_open(one, closings([mark]))
    assert is_open(one, closings([(one.at + 20, audit("supersede-letter", ID))]))
    closing = closing_over(one, closings([mark, discarded]))
    assert closing is not None
    assert closing.state == "discarded"


# ── two at once ──────────────────────────────────────────────────────────────────────────────────


def _claim(offset: int, *, at: int = 1000, actor: str = "amy", about: Place = LETTER) -> Claim:
    return Claim(at, actor, Place("audit.v1", 2, offset), about)


OURS = Place("audit.v1", 2, 11)


def test_of_two_who_begin_at_once_the_first_in_the_log_goes_on() -> None:
    given = [_claim(10), _claim(11, actor="ben")]

    assert rival(LETTER, Place("audit.v1", 2, 10), given, None) is None
    assert rival(LETTER, OURS, given, None) == given[0]


def test_a_word_for_an_earlier_letter_of_the_same_record_is_none_for_this_one() -> None:
    assert rival(LETTER, OURS, [_claim(10, about=Place("dead-letter.v1", 0, 7)), _claim(11)], None) is None


def test_whoever_was_killed_after_his_word_does_not_keep_the_letter() -> None:
    given = [_claim(10), _claim(11, at=1000 + LASTS)]

    assert rival(LETTER, OURS, given, None) is None
    assert rival(LETTER, OURS, [_claim(10), _claim(11, at=999 + LASTS)], None) == _claim(10)


def test_a_word_that_ended_is_over() -> None:
    discarded = Closing("discard-letter", 1001, "amy", "", LETTER)

    assert rival(LETTER, OURS, [_claim(10), _claim(11)], discarded) is None
    assert rival(LETTER, OURS, [_claim(10, at=1002), _claim(11, at=1003)], discarded) == _claim(10, at=1002)
