"""Commands become effects once, whatever becomes of the calls, of the worker and of the target."""

import itertools
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from structlog.typing import EventDict

from connectors.core.errors import (
    ConnectorError,
    LeaseLostError,
    LockedError,
    MaskedFailureError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from schemas.models.order import Order
from streams.domain import work
from streams.domain.governor import Limits
from tests.fakes.order_target import Document, Failure
from tests.unit.streams.sinks.commands import OUTCOMES, PARTITION, SETTLE_S, WITHIN_S, Sink, cancel, create, sink
from tests.unit.streams.sinks.lane import turns

pytestmark = pytest.mark.anyio
UPSERTS = pytest.mark.parametrize("upserts", [True, False], ids=["upserts", "creates"])


async def test_an_order_is_created_and_its_number_is_told(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        await one.fold(create())
        await one.at_rest()

        [told] = one.outcomes
        assert (told.state, told.value, told.external_id, told.records) == ("APPLIED", "SO1", "1", 1)
        assert one.counts == {"taken": 1, "applied": 1}
        assert one.left().pending == ()


async def test_the_intent_is_acknowledged_before_the_call_and_the_outcome_after_it(tmp_path: Path) -> None:
    seen: list[work.Intent | None] = []
    async with sink(tmp_path) as one:
        make = one.erp._make

        def noted(order_id: str, given: Order) -> Document:
            seen.append(one.left().intent)
            return make(order_id, given)

        one.erp._make = noted  # type: ignore[method-assign,assignment]  # the same form
        await one.fold(create())
        await one.at_rest()

        assert seen[0] is not None
        assert [topic for topic, _ in one.broker.batches][-2:] != [OUTCOMES, OUTCOMES]
        assert one.broker.batches[-1][0] == OUTCOMES


@UPSERTS
async def test_a_lost_answer_is_looked_up_and_adopted(tmp_path: Path, upserts: bool) -> None:  # noqa: FBT001
    async with sink(tmp_path, upserts=upserts) as one:
        one.erp.failures.append(Failure(UnknownOutcomeError("no answer"), after_effect=True))
        await one.fold(create())
        await one.until(lambda: one.erp.creates)
        began = one.clock.monotonic()
        await one.at_rest()

        assert upserts or one.clock.monotonic() - began >= SETTLE_S
        assert len(one.erp.documents) == len(one.erp.creates) == 1
        assert [(told.state, told.value) for told in one.outcomes] == [("APPLIED", "SO1")]


@UPSERTS
async def test_a_call_that_came_to_nothing_is_made_again_after_a_look(tmp_path: Path, upserts: bool) -> None:  # noqa: FBT001
    async with sink(tmp_path, upserts=upserts) as one:
        one.erp.failures.append(Failure(UnknownOutcomeError("no answer")))
        await one.fold(create())
        await one.at_rest()

        assert (len(one.erp.creates), len(one.erp.documents)) == (2, 1)


async def test_a_masked_failure_of_a_create_is_an_unknown_outcome(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        one.erp.failures.append(Failure(MaskedFailureError("could not save"), after_effect=True))
        await one.fold(create())
        await one.at_rest()

        assert len(one.erp.documents) == len(one.erp.creates) == 1


async def test_what_is_refused_again_and_again_without_a_reason_is_for_a_person(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        one.erp.failures.extend([Failure(MaskedFailureError("could not save"))] * work.MASKED_AT_MOST)
        await one.fold(create(), cancel(document="7"))
        await one.at_rest(passing=5)

        [told, _next] = one.outcomes
        assert (told.state, told.reason) == ("DEAD", "rejected-by-target")
        assert told.detail == "refused 5 times without a reason"
        assert (len(one.erp.creates), one.left().masked) == (work.MASKED_AT_MOST, 0)


async def test_a_target_that_hides_its_reason_once_is_asked_again_and_others_do_not_wait(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        one.erp.failures.extend([Failure(MaskedFailureError("could not save"))] * 3)
        await one.fold(create())
        await one.until(lambda: len(one.erp.creates) == 3, passing=5)

        assert one.gate.ready_in() == 0
        await one.at_rest(passing=5)
        assert [told.state for told in one.outcomes] == ["APPLIED"]


@UPSERTS
async def test_a_worker_that_is_killed_during_the_call_makes_no_second_document(tmp_path: Path, upserts: bool) -> None:  # noqa: FBT001
    async with sink(tmp_path, upserts=upserts) as one:
        one.broker.fails_at = 3  # taken in, intent: the end of the call is lost
        one.faults.clear()
        await one.fold(create())
        await one.until(lambda: one.erp.creates, passing=0.1)
        await one.until(lambda: one.faults)
        one.faults.clear()

        await one.killed()
        await one.at_rest()

        assert len(one.erp.documents) == 1
        assert one.counts == {"taken": 1, "applied": 1}
        assert {told.value for told in one.outcomes} == {"SO1"}


async def test_a_sink_whose_table_was_lost_does_not_create_what_the_target_has(tmp_path: Path) -> None:
    async with sink(tmp_path / "before") as one:
        await one.fold(create())
        await one.at_rest()
        async with sink(tmp_path / "after") as other:
            other.erp.documents = one.erp.documents
            await other.fold(create())
            await other.at_rest()

            assert (other.erp.creates, len(other.erp.documents)) == ([], 1)
            assert other.outcomes[0].value == "SO1"


async def test_two_documents_of_one_order_are_held_for_a_person(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        for number in (1, 2):
            one.erp._make("web-1", create().order or pytest.fail("no order"))
            assert len(one.erp.documents) == number
        await one.fold(create())
        await one.until(lambda: one.outcomes)
        await one.at_rest()

        [told] = one.outcomes
        assert (told.state, told.reason, told.value) == ("HELD", "duplicate-suspected", "SO1, SO2")
        assert one.left().held == "duplicate-suspected"
        assert one.erp.creates == []


async def _repeated(one: Sink) -> None:
    """The first call is lost and not seen for the settle time; the second one makes the order."""
    one.erp.failures.append(Failure(UnknownOutcomeError("no answer")))
    await one.fold(create())
    await one.until(lambda: one.outcomes, passing=1)
    await one.at_rest()
    assert (len(one.erp.creates), len(one.left().checks)) == (2, 1), "nobody waits for it, but it is looked at again"


@pytest.mark.parametrize("killed", [False, True])
async def test_a_call_that_lands_after_its_repeat_is_noticed_and_told(tmp_path: Path, killed: bool) -> None:  # noqa: FBT001
    async with sink(tmp_path) as one:
        await _repeated(one)
        one.erp._make("web-1", create().order or pytest.fail("no order"))
        if killed:
            await one.killed()
        began = one.clock.monotonic()
        await one.until(lambda: not one.left().checks, passing=1)
        await one.until(lambda: len(one.outcomes) > 1)

        assert one.clock.monotonic() - began >= SETTLE_S
        first, second = one.outcomes
        assert (first.state, first.value) == ("APPLIED", "SO1")
        assert (second.state, second.reason, second.value) == ("HELD", "duplicate-suspected", "SO1, SO2")
        assert first.command_id == second.command_id
        assert (one.left().held, one.left().checks) == (None, ())
        assert one.counts == {"taken": 1, "applied": 1}


async def test_a_repeat_that_stayed_the_only_one_is_looked_at_once_more_and_nothing_is_told(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        await _repeated(one)
        one.erp.read_failures.extend([TargetUnavailableError("down")] * 2)
        await one.until(lambda: not one.left().checks, passing=1)

        assert [told.state for told in one.outcomes] == ["APPLIED"]
        assert not one.erp.read_failures, "a look that fails is made again"
        assert one.left().checks == ()


async def test_an_order_that_is_gone_when_it_is_looked_at_again_is_nothing_to_tell(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        await _repeated(one)
        one.erp.read_failures.append(RejectedPayloadError("no such customer", status=400))
        await one.until(lambda: not one.left().checks, passing=1)

        assert [told.state for told in one.outcomes] == ["APPLIED"]
        assert one.left().checks == ()


async def test_what_is_held_is_looked_up_afresh_once_the_same_is_asked_anew(tmp_path: Path) -> None:
    """A person cancelled one of the two at the ERP and released the order: the other one is adopted."""
    async with sink(tmp_path) as one:
        for _ in (1, 2):
            one.erp._make("web-1", create().order or pytest.fail("no order"))
        await one.fold(create())
        await one.until(lambda: one.outcomes)
        await one.fold(create(attempt="again"))
        await one.until(lambda: len(one.outcomes) == 2)
        assert one.left().held == "duplicate-suspected"

        del one.erp.documents[0]
        await one.fold(create(attempt="third"))
        await one.at_rest()

        assert [(told.state, told.value) for told in one.outcomes] == [
            ("HELD", "SO1, SO2"), ("HELD", "SO1, SO2"), ("APPLIED", "SO2"),
        ]  # fmt: skip
        assert len({told.command_id for told in one.outcomes}) == 3
        assert one.counts == {"taken": 3, "superseded": 2, "applied": 1}
        assert one.erp.creates == []


async def test_another_command_does_not_release_what_is_held(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        for _ in (1, 2):
            one.erp._make("web-1", create().order or pytest.fail("no order"))
        await one.fold(create())
        await one.until(lambda: one.outcomes)
        await one.fold(cancel())
        await one.at_rest()

        assert one.left().held == "duplicate-suspected"
        assert [len(one.left().pending), len(one.outcomes)] == [2, 1]


async def test_a_rejected_order_is_dead_and_the_next_command_goes_on(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        await one.fold(create(sku="NOBODY-1"), create("web-2"))
        await one.at_rest()

        told = {outcome.entity: outcome for outcome in one.outcomes}
        assert (told["web-1"].state, told["web-1"].reason) == ("DEAD", "rejected-by-target")
        assert "NOBODY-1" in told["web-1"].detail
        assert told["web-2"].state == "APPLIED"
        assert one.counts == {"taken": 2, "dead": 1, "applied": 1}


@pytest.mark.parametrize(
    "error",
    [
        TargetUnavailableError("refused"),
        RateLimitedError("slower", retry_after=timedelta(seconds=3)),
        UnauthorizedError("who are you"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_target_in_trouble_loses_nothing_and_kills_nothing(tmp_path: Path, error: ConnectorError) -> None:
    async with sink(tmp_path) as one:
        one.erp.failures.extend([Failure(error)] * 4)
        await one.fold(create(), create("web-2"))
        await one.at_rest(passing=5)

        assert sorted(told.state for told in one.outcomes) == ["APPLIED", "APPLIED"]
        assert len(one.erp.documents) == 2
        assert one.broker.log["dead-letter.v1"] == []


async def test_a_look_up_that_fails_is_made_again_and_nothing_is_created_unlooked(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        one.erp.read_failures.append(TargetUnavailableError("refused"))
        await one.fold(create())
        await one.until(lambda: not one.erp.read_failures)
        assert one.erp.creates == []
        await one.at_rest()

        assert len(one.erp.documents) == 1


async def test_commands_of_one_order_are_done_in_their_order(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        await one.fold(create(), cancel())
        await one.at_rest()

        assert [(told.kind, told.state) for told in one.outcomes] == [
            ("CREATE_ORDER", "APPLIED"),
            ("CANCEL_ORDER", "APPLIED"),
        ]
        assert one.erp.documents[0].shown.status == "cancelled"


async def test_a_repeated_command_is_ignored_and_a_repeated_record_is_not_even_counted(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        await one.fold(create(), create())
        await one.fold(create(), is_new=False)
        await one.at_rest()

        assert one.counts == {"taken": 2, "applied": 1, "ignored": 1}
        assert one.erp.creates == ["web-1"]


async def test_a_paused_sink_sends_nothing_and_catches_up_when_it_runs(tmp_path: Path) -> None:
    async with sink(tmp_path, mode="paused") as one:
        await one.fold(create())
        for _ in range(20):
            one.clock.after(10)
            await turns()
        assert (one.erp.creates, one.sink.pending) == ([], 1)

        one.mode = "run"
        await one.at_rest()

        assert one.erp.creates == ["web-1"]


async def test_a_sink_in_shadow_looks_and_sends_nothing(tmp_path: Path) -> None:
    async with sink(tmp_path, mode="shadow") as one:
        one.erp._make("web-2", create("web-2").order or pytest.fail("no order"))
        await one.fold(create(), create("web-2"))
        await one.until(lambda: one.outcomes, passing=1)

        assert [told.entity for told in one.outcomes] == ["web-2"]
        assert one.erp.creates == []
        one.mode = "run"
        await one.at_rest(passing=10)
        assert one.erp.creates == ["web-1"]


async def test_a_lost_lease_stops_calls_until_it_is_back(tmp_path: Path, logged: list[EventDict]) -> None:
    async with sink(tmp_path) as one:
        await one.fold(create())
        one.broker.has_lease = False
        await one.until(lambda: any(entry["event"] == "sink-lost-lease" for entry in logged), passing=0.1)
        assert one.erp.creates == []

        one.broker.has_lease = True
        await one.at_rest(passing=10)

        assert one.erp.creates == ["web-1"]


async def test_a_command_is_got_ready_while_there_is_no_place_and_leaves_with_the_next_one(tmp_path: Path) -> None:
    async with sink(tmp_path, upserts=True) as one:
        one.gate.limit(Limits(at_once=1))
        with one.gate.turn():
            await one.fold(create("web-1"), create("web-2"))
            await one.until(lambda: one.left("web-1").intent)
            assert (one.erp.creates, one.left("web-2").intent) == ([], None)
        await one.at_rest()

        assert (one.erp.creates, one.counts["applied"]) == (["web-1", "web-2"], 2)


@UPSERTS
async def test_what_was_got_ready_and_never_left_is_as_if_it_was_never_begun(tmp_path: Path, upserts: bool) -> None:  # noqa: FBT001
    async with sink(tmp_path, upserts=upserts) as one:
        one.gate.limit(Limits(at_once=1))
        with one.gate.turn():
            await one.fold(create())
            await one.until(lambda: not upserts or one.left().intent)
            one.gate.failed(TargetUnavailableError("connection refused"))
            await one.until(lambda: one.left().intent is None)
            assert (one.left().attempts, one.erp.creates) == (0, [])
        await one.at_rest()

        assert [(told.state, told.attempts) for told in one.outcomes] == [("APPLIED", 1)]


async def test_what_was_got_ready_does_not_leave_once_the_sink_is_paused(tmp_path: Path) -> None:
    async with sink(tmp_path, upserts=True) as one:
        one.gate.limit(Limits(at_once=1))
        with one.gate.turn():
            await one.fold(create())
            await one.until(lambda: one.left().intent)
            one.mode = "paused"
            await one.until(lambda: one.left().intent is None)
        assert (one.left().attempts, one.erp.creates) == (0, [])

        one.mode = "run"
        await one.at_rest()
        assert one.erp.creates == ["web-1"]


async def test_a_sink_that_closes_leaves_no_intent_of_what_waits_for_a_place(tmp_path: Path) -> None:
    async with sink(tmp_path, upserts=True) as one:
        one.gate.limit(Limits(at_once=1))
        with one.gate.turn():
            await one.fold(create())
            await one.until(lambda: one.left().intent)

            assert await one.sink.close(timedelta(seconds=WITHIN_S)) == 0
        assert (one.left().intent, one.left().attempts, one.erp.creates) == (None, 0, [])


@pytest.mark.parametrize("write", [4, 5])
async def test_an_outcome_that_could_not_be_told_is_told_by_the_same_sink(tmp_path: Path, write: int) -> None:
    async with sink(tmp_path) as one:
        one.broker.fails_at = write  # taken in, intent, the end; then it is told
        one.broker.failure = LeaseLostError("the producer was closed before this batch had its turn")
        await one.fold(create())
        await one.until(lambda: one.outcomes, passing=1)

        assert [(told.entity, told.state) for told in one.outcomes] == [("web-1", "APPLIED")]
        assert (one.erp.creates, one.counts["applied"]) == (["web-1"], 1)


async def test_a_record_that_is_locked_is_asked_for_more_and_more_seldom(tmp_path: Path) -> None:
    async with sink(tmp_path, upserts=True) as one:
        one.erp.failures.extend([Failure(LockedError("somebody has it"))] * 4)
        await one.fold(create())
        asked: list[float] = []

        def is_done() -> bool:
            if len(one.erp.creates) > len(asked):
                asked.append(one.clock.micros() / 1_000_000)
            return len(asked) == 5

        await one.until(is_done, passing=0.1)
        await one.at_rest()

        waited = [after - before for before, after in itertools.pairwise(asked)]
        assert waited == sorted(waited)
        assert waited[-1] > 4 * waited[0]
        assert one.counts["applied"] == 1


async def test_an_order_without_its_content_is_refused_before_any_call(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        await one.fold(
            msgspec.structs.replace(create(), order=None), msgspec.structs.replace(cancel("b"), document=None)
        )
        await one.at_rest()

        assert [told.state for told in one.outcomes] == ["DEAD", "DEAD"]
        assert (one.erp.creates, one.erp.cancels) == ([], [])


async def test_what_was_told_is_told_again_after_a_kill_and_then_forgotten(tmp_path: Path) -> None:
    one = Sink(tmp_path)
    await one.open()
    await one.fold(create())
    await one.at_rest()
    stored = list(one.work.table.store(PARTITION).scan(b"o"))
    await one.fold(create("web-2"))
    await one.at_rest()

    assert len(stored) == 1
    names = [key for key, _ in one.work.table.store(PARTITION).scan(b"o")]
    assert stored[0][0] not in names
    await one.close()
    assert one.faults == []


async def test_a_command_is_in_flight_from_when_it_was_taken_until_it_ended(tmp_path: Path) -> None:
    async with sink(tmp_path) as one:
        one.erp.failures.append(Failure(TargetUnavailableError("down"), after_effect=False))
        await one.fold(create(), dead=1)
        assert one.counts == {"taken": 2, "dead": 1}

        await one.at_rest()
        assert one.counts == {"taken": 2, "dead": 1, "applied": 1}


async def test_an_order_is_cancelled_under_the_id_that_the_erp_gave_it_though_people_know_its_number(
    tmp_path: Path,
) -> None:
    async with sink(tmp_path) as one:
        await one.fold(create())
        await one.at_rest()
        await one.fold(msgspec.structs.replace(cancel(document="SO1"), order=create().order))
        await one.at_rest()

        assert one.erp.documents[0].shown.status == "cancelled"
