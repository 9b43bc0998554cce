"""Round after round: how long is waited after each, and what the probes say meanwhile."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from structlog.typing import EventDict

from connectors.core.errors import (
    ConnectorError,
    PermanentError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
)
from connectors.core.registry import Ports
from streams.app.poll_choice import Opened
from streams.app.poll_loop import AFTER_A_FAULT_S, keep_polling
from streams.runtime.gate import Gate
from streams.runtime.health import Health
from streams.sources.erp_orders import ErpOrderPoller
from streams.sources.kafka_log import NotAppendedError
from streams.sources.poller import Round, Rounds
from streams.sources.target_calls import TargetCalls
from tests.fakes.append_log import as_json
from tests.fakes.order_event_source import InMemoryOrderEvents
from tests.fakes.still_clock import StillClock

EVERY = 60.0


class OverError(BaseException):
    """The test has seen enough."""


class Scripted(Rounds):
    """Rounds that end as they are told to."""

    def __init__(self, gate: Gate, ends: Iterator[Exception | None], health: Health) -> None:
        self._gate, self._ends, self._health = gate, ends, health
        self.troubles: list[tuple[bool, list[str]]] = []
        """What the probe said when each round began."""
        self.began: list[float] = []

    async def round(self) -> Round:
        self.troubles.append((self._health.is_ready, [one.what for one in self._health.troubles]))
        failure = next(self._ends, OverError())
        if isinstance(failure, ConnectorError) and not isinstance(failure, PermanentError):
            self._gate.failed(failure)
        if failure is not None:
            raise failure
        return Round("erp-orders", 0, 1, "")


def lived(*ends: Exception | None) -> tuple[list[float], Scripted]:
    """Seconds that were waited after each round, and the rounds."""
    clock = StillClock(runs_freely=True)
    gate, health = Gate("erp", clock), Health(clock)
    health.is_working = True
    calls = TargetCalls(gate, clock)
    poller = ErpOrderPoller(InMemoryOrderEvents(), calls, as_json, clock)
    rounds = Scripted(gate, iter(ends), health)
    one = Opened(poller, calls, cast("Ports", cast("Any", None)), timedelta(seconds=EVERY))
    with pytest.raises(OverError):
        asyncio.run(keep_polling(one, rounds, health, clock))
    return [one.total_seconds() for one in clock.slept], rounds


def test_after_a_round_its_interval_is_waited_for() -> None:
    waits, rounds = lived(None, None)

    assert waits == [EVERY, EVERY]
    assert rounds.troubles[-1] == (True, [])


def test_a_target_that_names_a_time_is_asked_no_earlier() -> None:
    limited = RateLimitedError("slow down", retry_after=timedelta(seconds=40))
    away = TargetUnavailableError("maintenance", retry_after=timedelta(seconds=90))

    waits, _ = lived(limited, None, away)

    assert waits[0] >= 40
    assert waits[2] >= 90


def test_a_target_that_stays_away_is_asked_ever_more_rarely_and_makes_nobody_unready() -> None:
    waits, rounds = lived(*[TargetUnavailableError("maintenance")] * 9)

    assert waits == sorted(waits)
    assert waits[-1] == 30 * 1.125
    assert rounds.troubles[-1] == (True, ["maintenance"])


def test_a_refused_credential_makes_unready_until_a_person_acted(logged: list[EventDict]) -> None:
    waits, rounds = lived(UnauthorizedError("the credential was refused"), None)

    assert waits[0] >= 30
    assert rounds.troubles[1] == (False, ["the credential was refused"])
    assert rounds.troubles[2] == (True, [])
    assert [one["error"] for one in logged if one["event"] == "poll-failed"] == ["UnauthorizedError"]


def test_a_list_that_is_refused_is_asked_for_no_more_often_than_one_that_is_not() -> None:
    waits, rounds = lived(RejectedPayloadError("the field updated_at is not known"), None)

    assert waits[0] >= EVERY
    assert rounds.troubles[1] == (False, ["the field updated_at is not known"])


def test_a_broker_that_does_not_acknowledge_makes_unready() -> None:
    _, rounds = lived(NotAppendedError("topic t was not written"), None)

    assert rounds.troubles[1] == (False, ["topic t was not written"])


def test_a_fault_of_ours_is_seen_and_ends_nothing(logged: list[EventDict]) -> None:
    waits, rounds = lived(ZeroDivisionError(), None)

    assert waits[0] >= AFTER_A_FAULT_S
    assert not rounds.troubles[1][0]
    assert rounds.troubles[2] == (True, [])
    assert "poll-fault" in [one["event"] for one in logged]
