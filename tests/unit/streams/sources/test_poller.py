"""Rounds of any poller: records before the cursor, measures, and one line without personal data."""

import asyncio
import itertools
from datetime import timedelta

import pytest
from structlog.typing import EventDict

from connectors.core.errors import (
    NotFoundError,
    RateLimitedError,
    TargetUnavailableError,
    UnauthorizedError,
)
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.source_cursor import SourceCursor
from streams.domain.breaker import BreakerState
from streams.runtime.gate import Gate
from streams.runtime.metrics import REGISTRY
from streams.sources.erp_orders import EMPTY_AT_MOST, NAME, ErpOrderPoller
from streams.sources.kafka_log import NotAppendedError
from streams.sources.poller import Found, Reading, Rounds
from streams.sources.target_calls import TargetCalls
from tests.fakes.append_log import AppendLog, KeptCursors, as_json
from tests.fakes.order_event_source import InMemoryOrderEvents
from tests.fakes.still_clock import StillClock
from tests.unit.streams.sources.shop_model import SECOND, polled


def event(number: str, at: int = 0, **changes: object) -> ErpOrderEvent:
    fields = {"event_id": f"e-{number}-{at}", "source_system": "erp", "erp_number": number, "order_id": f"web-{number}"}
    return ErpOrderEvent(**{**fields, "kind": "CONFIRMED", "effective_at": at, "recorded_at": at, **changes})  # type: ignore[arg-type]  # any field


class Erp:
    """An ERP with its poller, and what became of the rounds."""

    def __init__(self) -> None:
        self.clock = StillClock(runs_freely=True)
        self.source, self.log, self.cursors = InMemoryOrderEvents(most=2), AppendLog(), KeptCursors()
        self.gate = Gate("erp", self.clock)
        self.restart()

    def restart(self) -> None:
        calls = TargetCalls(self.gate, self.clock)
        poller = ErpOrderPoller(self.source, calls, as_json, self.clock)
        self.rounds = Rounds(poller, self.log, self.cursors, self.clock, cursor=self.cursors.kept.get(NAME))

    def round(self) -> int:
        return asyncio.run(self.rounds.round()).found


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"streams_poll_{name}", {"poller": NAME, **labels}) or 0.0


def test_what_an_erp_says_goes_under_its_number_onto_its_topic_page_by_page() -> None:
    erp = Erp()
    erp.source.events += [event("SO-1", 1), event("SO-2", 2), event("SO-1", 3)]

    assert erp.round() == 3

    assert [(one.topic, one.key) for one in erp.log.appended] == [
        ("erp.order-event.v1", b"SO-1"),
        ("erp.order-event.v1", b"SO-2"),
        ("erp.order-event.v1", b"SO-1"),
    ]
    assert erp.log.header("ce_id") == ["e-SO-1-1", "e-SO-2-2", "e-SO-1-3"]
    assert erp.log.header("correlation-id") == ["web-SO-1", "web-SO-2", "web-SO-1"]
    assert erp.cursors.kept[NAME].position == "memory-3"
    assert erp.round() == 0


def test_a_source_whose_cursor_moves_on_without_events_ends_a_round_all_the_same() -> None:
    erp = Erp()
    asked: list[str] = []

    async def moves_on(cursor: str) -> tuple[list[ErpOrderEvent], str]:
        asked.append(cursor)
        return [event("SO-1")] if len(asked) == 10 else [], f"{len(asked)}"

    erp.source.order_events = moves_on  # type: ignore[method-assign]  # another ERP

    assert erp.round() == 1
    assert len(asked) == 10 + EMPTY_AT_MOST + 1
    assert erp.cursors.kept[NAME].position == str(len(asked))


def test_another_process_goes_on_where_the_cursor_stands() -> None:
    erp = Erp()
    erp.source.events.append(event("SO-1"))
    erp.round()
    erp.source.events.append(event("SO-2"))

    erp.restart()

    assert erp.round() == 1
    assert erp.cursors.kept[NAME].found == 2


def test_a_record_that_is_not_acknowledged_keeps_the_cursor_where_it_was() -> None:
    erp = Erp()
    erp.source.events += [event("SO-1", 1), event("SO-2", 2)]
    erp.log.fail([NotAppendedError("no answer in time")])

    with pytest.raises(NotAppendedError):
        erp.round()

    assert erp.cursors.kept == {}
    assert [one.key for one in erp.log.appended] == [b"SO-2"], "what was under way is waited for"
    assert erp.round() == 2


def test_an_event_too_large_for_any_reader_is_left_out_and_told(logged: list[EventDict]) -> None:
    erp = Erp()
    erp.source.events += [event("SO-1", reason="x" * 1_000_000), event("SO-2")]

    assert erp.round() == 1
    assert [one["event_id"] for one in logged if one["event"] == "event-too-large"] == ["e-SO-1-0"]


def test_the_measures_tell_success_lag_finds_and_errors() -> None:
    erp = Erp()
    began = erp.clock.micros() / SECOND
    assert value("last_success_timestamp_seconds") == began
    before = value("found_total"), value("errors_total", error="TargetUnavailableError")
    erp.clock.after(100)
    erp.source.failures.append(TargetUnavailableError("maintenance"))
    with pytest.raises(TargetUnavailableError):
        erp.round()
    assert value("last_success_timestamp_seconds") == began

    erp.source.events.append(event("SO-1"))
    erp.round()

    assert value("last_success_timestamp_seconds") > began + 100
    assert value("found_total") == before[0] + 1
    assert value("errors_total", error="TargetUnavailableError") == before[1] + 1
    assert value("cursor_lag_seconds") == 0


def test_the_lag_is_the_age_of_what_was_read_while_there_is_more() -> None:
    clock, log, cursors = StillClock(), AppendLog(), KeptCursors()
    seen: list[float] = []

    class Behind:
        name = NAME

        def __init__(self) -> None:
            self._pages = itertools.count()

        def check(self, cursor: SourceCursor) -> None:
            """Any will do."""

        async def read(self, cursor: SourceCursor | None) -> Reading:
            seen.append(value("cursor_lag_seconds"))
            is_end = next(self._pages) == 1
            made = SourceCursor(name=NAME, position="p", at=0)
            return Reading((), made, is_end=is_end, read_up_to=0 if is_end else clock.micros() - 90 * SECOND)

    asyncio.run(Rounds(Behind(), log, cursors, clock, cursor=None).round())

    assert seen[-1] == 90
    assert value("cursor_lag_seconds") == 0


def test_a_round_is_one_line_with_ids_and_nothing_of_the_customer(logged: list[EventDict]) -> None:
    poll = polled()
    poll.shop.place()

    poll.round()

    (line,) = [one for one in logged if one["event"] == "poll-round"]
    assert line["ids"] == ["web-000000001"]
    assert "buyer@example.com" not in str(logged)


def test_whoever_watches_hears_what_was_appended_and_nothing_else() -> None:
    heard: list[str] = []

    class Watcher:
        def found(self, one: Found) -> None:
            heard.append(one.entity)

        def round_ended(self) -> None:
            heard.append("end")

    poll = polled()
    poll.watch = Watcher()
    poll.restart()
    poll.shop.place()
    poll.log.fail([NotAppendedError("no answer in time")])
    with pytest.raises(NotAppendedError):
        poll.round()
    assert heard == []

    poll.round()

    assert heard == ["web-000000001", "end"]


# ── the door to the target ───────────────────────────────────────────────────────────────────────


async def _answers(found: object) -> object:
    if isinstance(found, Exception):
        raise found
    return found


def made(calls: TargetCalls, found: object) -> object:
    return asyncio.run(calls.made(lambda: _answers(found)))


def test_a_target_that_names_a_time_is_left_alone_for_so_long_and_a_little_longer() -> None:
    clock = StillClock(runs_freely=True)
    calls = TargetCalls(Gate("shop", clock), clock)
    with pytest.raises(RateLimitedError):
        made(calls, RateLimitedError("slow down", retry_after=timedelta(seconds=40)))
    before = clock.monotonic()

    assert made(calls, "answer") == "answer"

    assert clock.monotonic() - before == 40 * 1.125, "jitter: chance stands in the middle"


def test_a_refused_credential_needs_a_person_and_is_tried_again_now_and_then() -> None:
    clock = StillClock(runs_freely=True)
    calls = TargetCalls(Gate("shop", clock), clock)

    with pytest.raises(UnauthorizedError):
        made(calls, UnauthorizedError("the credential was refused"))

    refused, before = calls.gate.breaker.state, clock.monotonic()
    made(calls, "answer")
    assert (refused, calls.gate.breaker.state) == (BreakerState.NEEDS_OPERATOR, BreakerState.CLOSED)
    assert clock.monotonic() - before >= 30


def test_an_answer_about_one_order_says_nothing_against_the_target() -> None:
    clock = StillClock(runs_freely=True)
    calls = TargetCalls(Gate("shop", clock), clock)

    for _ in range(5):
        with pytest.raises(NotFoundError):
            made(calls, NotFoundError("there is no order"))

    assert calls.gate.breaker.state is BreakerState.CLOSED
    assert calls.gate.ready_in() == 0
