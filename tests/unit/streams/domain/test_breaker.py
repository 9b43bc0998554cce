"""When a failing target is left alone, and when it is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.breaker import LONGEST_WAIT_S, OPERATOR_WAIT_S, Breaker, BreakerState

AT = 1_763_700_000_000_000
T = 1000.0


def _failed(times: int, now: float = T) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker = breaker.failed(now, AT, "down")
    return breaker


def test_a_target_without_trouble_may_be_called() -> None:
    assert Breaker().may_call(0.0)


def test_after_each_failure_nothing_is_sent_for_a_while() -> None:
    for times in (1, 2):
        breaker = _failed(times)

        assert breaker.state is BreakerState.CLOSED
        assert not breaker.may_call(T + 0.9)
        assert breaker.may_call(T + 1)


def test_the_third_failure_in_a_row_opens_it() -> None:
    breaker = _failed(3)

    assert (breaker.state, breaker.failures, breaker.why) == (BreakerState.OPEN, 3, "down")
    assert not breaker.may_call(T + 0.9)
    assert breaker.may_call(T + 1)


def test_one_call_goes_out_to_see_and_until_its_answer_nothing_else_does() -> None:
    trying = _failed(3).trying(T + 1)

    assert trying.state is BreakerState.TRYING
    assert not trying.may_call(T + 20)
    assert trying.may_call(T + 1 + LONGEST_WAIT_S)


def test_a_call_while_it_is_closed_changes_nothing() -> None:
    assert Breaker().trying(T) == Breaker()
    assert _failed(2).trying(T) == _failed(2)


def test_a_success_closes_it_and_forgets_the_failures() -> None:
    assert _failed(5).trying(T).succeeded() == Breaker()
    assert _failed(2).succeeded().failed(T, AT, "down") == _failed(1)


def test_waits_double_up_to_a_bound() -> None:
    breaker, waits = _failed(2), []
    for _ in range(8):
        breaker = breaker.failed(T, AT, "down")
        waits.append(breaker.retry_at - T)

    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_failed_try_opens_it_again_for_longer() -> None:
    again = _failed(3).trying(T + 1).failed(T + 2, AT, "still down")

    assert (again.state, again.retry_at, again.why) == (BreakerState.OPEN, T + 4, "still down")


def test_the_target_may_ask_for_a_longer_wait_but_not_for_a_shorter_one() -> None:
    assert Breaker().failed(T, AT, "busy", 120).retry_at == T + 120
    assert Breaker().failed(T, AT, "busy", 0.1).retry_at == T + 1
    assert _failed(5).failed(T, AT, "busy", 90).retry_at == T + 90


def test_trouble_began_with_the_first_failure() -> None:
    breaker = Breaker().failed(T, AT, "a").failed(T, AT + 5, "b").failed(T, AT + 9, "c").needs_operator(T, AT + 20, "d")

    assert (breaker.since, breaker.why) == (AT, "d")


def test_what_needs_a_person_is_looked_at_now_and_then() -> None:
    breaker = Breaker().needs_operator(T, AT, "the credential was refused")

    assert (breaker.state, breaker.since) == (BreakerState.NEEDS_OPERATOR, AT)
    assert not breaker.may_call(T + OPERATOR_WAIT_S - 0.1)
    assert breaker.may_call(T + OPERATOR_WAIT_S)
    looking = breaker.trying(T + OPERATOR_WAIT_S)
    assert looking.state is BreakerState.NEEDS_OPERATOR
    assert not looking.may_call(T + OPERATOR_WAIT_S + 1)
    assert looking.succeeded() == Breaker()


def test_an_answer_that_says_neither_lets_calls_go_on_and_forgets_no_failure() -> None:
    looked_at = Breaker().needs_operator(T, AT, "refused").trying(T + OPERATOR_WAIT_S).answered()
    again = _failed(5).trying(T + 9).answered()

    assert _failed(2).answered().failed(T, AT, "down").state is BreakerState.OPEN
    assert (again.state, again.failures, again.may_call(T + 9)) == (BreakerState.TRYING, 5, True)
    assert again.failed(T + 9, AT, "down").retry_at == T + 9 + 8
    assert (looked_at.state, looked_at.may_call(T + OPERATOR_WAIT_S)) == (BreakerState.TRYING, True)
    assert Breaker().answered() == Breaker()


def test_the_numbers_of_the_states_are_those_of_the_metric() -> None:
    assert [int(state) for state in BreakerState] == [0, 1, 2, 3]


@given(
    st.lists(
        st.tuples(st.sampled_from(["fail", "try", "answer", "operator", "succeed"]), st.floats(0, 100)), max_size=40
    )
)
def test_nothing_is_sent_before_the_time_that_was_set_and_never_is_it_set_beyond_the_bound(
    happened: list[tuple[str, float]],
) -> None:
    breaker, now = Breaker(), T
    for what, passed in happened:
        now += passed
        nexts = {
            "fail": breaker.failed(now, AT, "x"),
            "try": breaker.trying(now),
            "answer": breaker.answered(),
            "operator": breaker.needs_operator(now, AT, "x"),
            "succeed": breaker.succeeded(),
        }
        breaker = nexts[what]

        assert breaker.may_call(now) == (now >= breaker.retry_at)
        assert breaker.retry_at <= now + LONGEST_WAIT_S
        assert bool(breaker.failures) == bool(breaker.since)
