"""The poll of the shop: what changed is on the topic, whatever fails, is killed, or changes meanwhile."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from structlog.testing import capture_logs
from structlog.typing import EventDict

from connectors.core.errors import RejectedPayloadError, TargetUnavailableError
from schemas.models.order import Order
from schemas.models.source_cursor import SourceCursor
from streams.sources.kafka_log import NotAppendedError
from streams.sources.order_record import LARGEST
from streams.sources.poller import Number, UnreadableCursorError
from streams.sources.shop_orders import NAME, micros_of
from tests.fakes.append_log import KilledError
from tests.unit.streams.sources.shop_model import GAP_AFTER_S, OVERLAP_S, SECOND, Poll, order, polled


def test_an_order_that_no_event_brought_is_appended_with_its_own_id_under_its_number() -> None:
    poll = polled()
    poll.round()
    poll.clock.after(60)
    number = poll.shop.place()

    ended = poll.round()

    (message,) = poll.log.appended
    shown = poll.shop.shown(number)
    assert poll.said == [shown]
    assert (message.topic, message.key) == ("commerce.order.v1", number.encode())
    assert shown is not None
    assert poll.log.header("ce_id") == [shown.event_id]
    assert poll.log.header("ce_source") == ["/poll/commerce-orders"]
    assert poll.log.header("correlation-id") == [f"web-{number}"]
    assert (ended.found, ended.position) == (1, "2026-01-01T12:01:00Z")


def test_what_was_appended_is_not_appended_again_while_the_overlap_shows_it() -> None:
    poll = polled()
    poll.shop.place()
    poll.clock.after(20)

    found = [poll.round().found for _ in range(3)]

    assert found == [1, 0, 0]
    assert poll.shop.reads.count("000000001") == 1


def test_a_round_that_found_nothing_writes_no_cursor() -> None:
    poll = polled()
    poll.shop.place()
    poll.clock.after(20)
    poll.round()
    poll.clock.after(20)
    poll.round()
    writes = poll.cursors.writes

    poll.clock.after(20)
    poll.round()

    assert poll.cursors.writes == writes


def test_the_first_round_begins_now_or_where_it_is_told_to() -> None:
    told = polled()
    told.since = told.clock.micros() - 86_400 * SECOND
    told.restart()
    fresh = polled()
    for poll in (told, fresh):
        old = order("000000007", at=poll.clock.micros() - 7200 * SECOND)
        poll.shop.say(old)

    assert (told.round().found, fresh.round().found) == (1, 0)


def test_a_second_change_within_the_same_second_is_not_taken_for_the_first() -> None:
    poll = polled()
    number = poll.shop.place()
    poll.round()
    poll.shop.change(number)
    poll.clock.after(60)

    poll.round()

    assert [one.status for one in poll.said] == ["", "v1"]
    assert poll.said[0].updated_at == poll.said[1].updated_at


def test_an_order_that_became_visible_late_is_found_within_the_overlap() -> None:
    poll = polled()
    poll.shop.place(delay_s=OVERLAP_S - 10)
    poll.clock.after(5)
    poll.shop.place()
    poll.round()
    poll.clock.after(OVERLAP_S)

    poll.round()

    assert poll.numbers() == ["000000002", "000000001"]


def test_a_long_round_does_not_pass_an_order_that_became_visible_while_it_read() -> None:
    poll = polled(page=1)
    poll.round()
    poll.shop.place(delay_s=OVERLAP_S - 10)
    poll.shop.place()

    def time_passes() -> None:
        poll.clock.after(OVERLAP_S + 100)
        poll.shop.place()

    poll.shop.meanwhile.extend([None, None, time_passes])
    poll.round()
    assert poll.numbers() == ["000000002", "000000003"]

    poll.round()

    assert poll.numbers()[-1] == "000000001"


def test_more_orders_than_one_page_holds_within_one_second_are_all_found() -> None:
    poll = polled(page=2)
    placed = [poll.shop.place() for _ in range(7)]

    poll.round()

    assert poll.numbers() == placed


def test_records_that_were_appended_before_a_kill_come_again_with_the_same_ids() -> None:
    poll = polled(page=3)
    for _ in range(3):
        poll.shop.place()
    poll.log.fail([None, KilledError()])
    with pytest.raises(KilledError):
        poll.round()
    assert poll.cursors.kept == {}

    poll.restart()
    poll.round()

    ids = poll.log.header("ce_id")
    assert len(ids) == 5
    assert len(set(ids)) == 3
    assert len({one.value for one in poll.log.appended}) == 3


def test_a_kill_before_the_cursor_has_the_page_read_again() -> None:
    poll = polled()
    number = poll.shop.place()
    poll.cursors.failures.append(KilledError())
    with pytest.raises(KilledError):
        poll.round()

    poll.restart()
    poll.round()

    assert poll.numbers() == [number, number]
    assert len(set(poll.log.header("ce_id"))) == 1


def test_what_was_read_of_a_page_before_the_shop_failed_is_kept() -> None:
    poll = polled()
    for _ in range(3):
        poll.shop.place()
    poll.shop.failures.extend([None, None, TargetUnavailableError("maintenance")])
    poll.shop.failures.extend([None] * 20)

    poll.round()

    assert poll.numbers() == ["000000001", "000000002", "000000003"]
    assert poll.shop.reads.count("000000001") == 1


def test_a_shop_that_fails_at_once_loses_nothing() -> None:
    poll = polled()
    poll.shop.place()
    poll.shop.failures.append(TargetUnavailableError("maintenance"))

    with pytest.raises(TargetUnavailableError):
        poll.round()
    poll.round()

    assert poll.numbers() == ["000000001"]


def test_an_order_that_cannot_be_read_stops_no_other_and_is_told_until_it_can() -> None:
    poll = polled()
    for _ in range(3):
        poll.shop.place()
    refusal = RejectedPayloadError("order 000000002 cannot be used: it states no currency")
    poll.shop.failures.extend([None, None, refusal])

    first = poll.round()
    poll.clock.after(3590)
    still = poll.round()
    poll.clock.after(20)
    mended = poll.round()

    assert poll.numbers() == ["000000001", "000000003", "000000002"]
    assert [one.number for one in first.unexplained] == ["000000002"]
    assert first.unexplained[0].why == refusal.message
    assert [one.number for one in still.unexplained] == ["000000002"]
    assert mended.unexplained == ()


def test_an_order_too_large_for_any_reader_is_told_and_not_appended() -> None:
    poll = polled()
    poll.shop.say(order("000000001", at=poll.clock.micros(), instructions="x" * LARGEST))
    poll.shop.place(number="000000002")

    ended = poll.round()

    assert poll.numbers() == ["000000002"]
    assert "of 900000 at most" in ended.unexplained[0].why


def test_an_order_that_was_deleted_between_list_and_reading_is_passed_over() -> None:
    poll = polled()
    poll.shop.place()
    poll.shop.meanwhile.extend([None, poll.shop.versions.clear])

    assert poll.round().found == 0


@pytest.mark.parametrize("memory", ["", '{"form":2,"position":0,"watched_from":0}'])
def test_a_cursor_of_another_release_is_refused_before_anything_is_read(memory: str) -> None:
    poll = polled()
    poll.cursors.kept[NAME] = SourceCursor(name=NAME, position="", memory=memory, at=0)

    with pytest.raises(UnreadableCursorError, match="the cursor of 'commerce-orders' cannot be read"):
        poll.restart()

    assert poll.shop.reads == []


# ── numbers that are missing ─────────────────────────────────────────────────────────────────────


def with_a_hole(poll: Poll) -> None:
    """Orders 1 and 3 were listed, 2 was not."""
    poll.round()
    poll.clock.after(10)
    poll.shop.place(number="000000001")
    poll.shop.place(number="000000003")
    poll.clock.after(10)
    poll.round()


def test_a_missing_order_that_the_shop_has_after_all_is_appended() -> None:
    poll = polled()
    with_a_hole(poll)
    forgotten = order("000000002", at=poll.clock.micros() - 7200 * SECOND)
    poll.shop.say(forgotten)
    poll.clock.after(GAP_AFTER_S - 1)
    early = poll.round()
    poll.clock.after(2)

    late = poll.round()

    assert (early.found, late.found) == (0, 1)
    assert poll.numbers()[-1] == "000000002"
    assert late.unexplained == ()


def test_a_number_that_the_shop_never_used_is_explained_and_asked_for_once() -> None:
    poll = polled()
    with_a_hole(poll)
    poll.clock.after(GAP_AFTER_S)

    told = poll.round()
    poll.clock.after(86_400)
    later = poll.round()

    assert (told.unexplained, told.never_placed) == ((), ("000000002",))
    assert later.never_placed == ("000000002",)
    assert poll.shop.reads.count("000000002") == 1


def test_a_missing_number_that_cannot_be_asked_for_stays_unexplained(logged: list[EventDict]) -> None:
    poll = polled()
    with_a_hole(poll)
    poll.clock.after(GAP_AFTER_S)
    poll.shop.failures.extend([None, None, RejectedPayloadError("2 orders have the number '000000002'")])

    ended = poll.round()

    assert ended.unexplained == (
        Number("000000002", ended.unexplained[0].since, "2 orders have the number '000000002'"),
    )
    assert poll.cursors.kept[NAME].unexplained == 1
    assert [one["number"] for one in logged if one["event"] == "order-unreadable"] == ["000000002"]


def test_a_look_up_that_fails_is_made_again_and_keeps_what_was_found_before() -> None:
    poll = polled()
    poll.round()
    poll.clock.after(10)
    for counter in (1, 3, 5):
        poll.shop.place(number=f"{counter:09d}")
    poll.clock.after(10)
    poll.round()
    poll.clock.after(GAP_AFTER_S)
    away = TargetUnavailableError("maintenance")
    poll.shop.failures.extend([None, None, None, away])
    first = poll.round()
    poll.shop.failures.extend([None, None, away])
    with pytest.raises(TargetUnavailableError):
        poll.round()

    second = poll.round()

    assert (first.never_placed, second.never_placed) == (("000000002",), ("000000002", "000000004"))


def test_an_old_order_that_changes_opens_no_gap_behind_it() -> None:
    poll = polled()
    poll.round()
    poll.clock.after(10)
    long_ago = poll.clock.micros() - 30 * 86_400 * SECOND
    poll.shop.say(order("000000100", at=poll.clock.micros(), placed_at=long_ago))
    poll.shop.place(number="000000250")
    poll.round()
    poll.clock.after(GAP_AFTER_S + 1)

    assert poll.round().unexplained == ()
    assert "000000101" not in poll.shop.reads


# ── what must hold whatever happens ──────────────────────────────────────────────────────────────


class PollMachine(RuleBasedStateMachine):
    """Orders are placed and change, also between the poll's reads; the poll is killed, refused and goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.poll = polled(page=2)
        self.poll.round()

    @property
    def numbers(self) -> list[str]:
        return list(self.poll.shop.versions)

    @rule(skew=st.sampled_from([0, 30]), page=st.integers(1, 3))
    @precondition(lambda self: not self.numbers)
    def begin(self, skew: int, page: int) -> None:
        self.poll.shop.skew_s, self.poll.shop.page = skew, page

    @rule(delay=st.sampled_from([0, 0, 3, 200]))
    def place(self, delay: float) -> None:
        self.poll.shop.place(delay_s=delay)

    @rule(which=st.integers(0, 50), delay=st.sampled_from([0, 0, 3]))
    @precondition(lambda self: self.numbers)
    def change(self, which: int, delay: float) -> None:
        self.poll.shop.change(self.numbers[which % len(self.numbers)], delay_s=delay)

    @rule(reads=st.integers(0, 4), which=st.integers(0, 50), seconds=st.sampled_from([0.4, 0.4, 250]))
    @precondition(lambda self: self.numbers)
    def change_while_it_reads(self, reads: int, which: int, seconds: float) -> None:
        number = self.numbers[which % len(self.numbers)]

        def act() -> None:
            self.poll.clock.after(seconds)
            self.poll.shop.change(number)

        self.poll.shop.meanwhile.extend([*[None] * reads, act])

    @rule(seconds=st.sampled_from([0.3, 1, 7, 61, 400]))
    def time_passes(self, seconds: float) -> None:
        self.poll.clock.after(seconds)

    @rule()
    def look(self) -> None:
        self._round()

    @rule(at=st.integers(0, 6))
    def look_and_be_killed_at_an_append(self, at: int) -> None:
        self.poll.log.fail([*[None] * at, KilledError()])
        self._round()

    @rule(at=st.integers(0, 3))
    def look_and_be_killed_at_a_cursor(self, at: int) -> None:
        self.poll.cursors.failures.extend([*[None] * at, KilledError()])
        self._round()

    @rule(at=st.integers(0, 4))
    def look_while_kafka_refuses(self, at: int) -> None:
        self.poll.log.fail([*[None] * at, NotAppendedError("no answer in time")])
        self._round()

    @rule(at=st.integers(0, 6))
    def look_while_the_shop_fails(self, at: int) -> None:
        self.poll.shop.failures.extend([*[None] * at, TargetUnavailableError("maintenance")])
        self._round()

    @rule()
    def two_side_by_side(self) -> None:
        """Another process begins where the cursor was, and both write theirs."""
        mine = self.poll.rounds
        self.poll.restart()
        self._round()
        self.poll.rounds = mine
        self._round()

    def _round(self) -> None:
        try:
            self.poll.round()
        except (TargetUnavailableError, NotAppendedError):
            pass
        except KilledError:
            self.poll.restart()
        self.poll.log.failures.clear()
        self.poll.cursors.failures.clear()
        self.poll.shop.failures.clear()

    @invariant()
    def the_cursor_has_passed_nothing_that_is_not_appended(self) -> None:
        if NAME not in self.poll.cursors.kept:
            return
        passed = self.poll.memory.position - OVERLAP_S * SECOND
        for number in self.numbers:
            shown = self.poll.shop.shown(number)
            if shown is not None and shown.updated_at <= passed:
                assert self._is_said(shown), number

    def teardown(self) -> None:
        self.poll.shop.meanwhile.clear()
        self.poll.clock.after(250)
        self._round()
        self.poll.clock.after(60)
        self._round()
        for number in self.numbers:
            shown = self.poll.shop.shown(number)
            assert shown is not None
            assert self._is_said(shown), (number, shown.updated_at)
        assert len({one.event_id for one in self.poll.said}) == len({one.value for one in self.poll.log.appended})

    def _is_said(self, shown: Order) -> bool:
        return any(one.event_id == shown.event_id for one in self.poll.said)


PollMachine.TestCase.settings = settings(
    max_examples=100, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


class TestWhateverHappensEveryChangeIsAppended(PollMachine.TestCase):  # type: ignore[misc,valid-type]  # made by hypothesis
    def runTest(self) -> None:  # noqa: N802  unittest's name
        with capture_logs():
            super().runTest()


@settings(deadline=None)
@given(st.integers(0, 4_000_000_000))
def test_a_moment_is_told_in_micros(seconds: int) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415  only this test

    assert micros_of(datetime.fromtimestamp(seconds, UTC).isoformat()) == seconds * SECOND
