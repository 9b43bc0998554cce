"""A rule that fails on one record sets it aside; one that fails on all of them pauses the intake."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from structlog.typing import EventDict

from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.runtime.guard import IN_A_ROW, OF_THE_LAST, Guard, IntakePausedError


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


class Intake:
    """Notes when its guard pauses it."""

    def __init__(self) -> None:
        self.pauses: list[tuple[str, str]] = []
        self.guard = Guard("t", lambda topic, why: self.pauses.append((topic, why)))
        self.runs = 0

    def run(self, *fails: bool) -> list[int]:
        """One record after the other; after how many of them it was paused."""
        found = []
        for is_bad in fails:
            self.runs += 1
            try:
                self.guard.run(_rule, is_bad)
            except IntakePausedError:
                found.append(self.runs)
        assert len(self.pauses) >= len(found)
        return found


def _rule(is_bad: bool) -> str:  # noqa: FBT001
    if is_bad:
        raise ZeroDivisionError("secret payload")
    return "done"


def test_a_rules_result_is_passed_on() -> None:
    assert Intake().guard.run(_rule, False) == "done"  # noqa: FBT003


def test_a_rule_that_fails_is_a_refusal_that_names_error_and_rule_but_no_payload(logged: list[EventDict]) -> None:
    refused = Intake().guard.run(_rule, True)  # noqa: FBT003

    assert isinstance(refused, Refused)
    assert (refused.reason, refused.detail) == (DeadReason.UNEXPECTED_ERROR, "ZeroDivisionError in _rule")
    assert [(one["event"], one["topic"], one["rule"]) for one in logged] == [("rule-failed", "t", "_rule")]


def test_a_hundred_failures_in_a_row_pause_the_intake_once() -> None:
    intake = Intake()

    assert intake.run(*[True] * IN_A_ROW) == [IN_A_ROW]
    assert intake.pauses[0][0] == "t"
    assert "100 unexpected errors in a row" in intake.pauses[0][1]


def test_one_success_begins_the_row_anew() -> None:
    almost = [True] * (IN_A_ROW - 1)

    assert Intake().run(*almost, *[False], *almost) == []


def test_half_of_the_last_thousand_pauses_the_intake() -> None:
    assert Intake().run(*[False, True] * (OF_THE_LAST // 2)) == [OF_THE_LAST]
    assert Intake().run(*[True, False, False] * OF_THE_LAST) == []


def test_failures_that_are_long_past_do_not_count() -> None:
    intake = Intake()
    bad = [True, False] * (OF_THE_LAST // 2 - 1)

    assert intake.run(*bad, *[False] * OF_THE_LAST, *bad) == []


def test_after_a_pause_it_counts_from_the_beginning() -> None:
    intake = Intake()

    assert intake.run(*[True] * (2 * IN_A_ROW + 5)) == [IN_A_ROW, 2 * IN_A_ROW]
    assert len(intake.pauses) == 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 300)), max_size=25))
def test_it_pauses_at_exactly_the_failure_that_the_rule_says(runs: list[tuple[bool, int]]) -> None:
    fails = [is_bad for is_bad, length in runs for _ in range(length)]
    expected, since = [], 0
    for end in range(1, len(fails) + 1):
        seen = fails[since:end]
        last = seen[-OF_THE_LAST:]
        in_a_row = len(seen) >= IN_A_ROW and all(seen[-IN_A_ROW:])
        if seen[-1] and (in_a_row or (len(last) == OF_THE_LAST and 2 * sum(last) >= OF_THE_LAST)):
            expected.append(end)
            since = end

    assert Intake().run(*fails) == expected


def test_what_ends_the_process_is_not_held_back() -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Intake().guard.run(leave)


def test_any_callable_can_be_a_rule() -> None:
    class Rule:
        def __call__(self) -> None:
            raise ZeroDivisionError

    assert isinstance(Intake().guard.run(Rule()), Refused)
