"""Which orders events missed: those that nobody but the poller put on the topic in time."""

import asyncio
from typing import cast

import msgspec
import pytest
from structlog.typing import EventDict

from schemas.errors import DecodeError
from schemas.models.order import Order
from streams.runtime.metrics import REGISTRY
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.posting import Outgoing
from streams.runtime.serde import Serde
from streams.settings import Settings
from streams.sources import heard as module
from streams.sources.heard import Heard, Listener
from streams.sources.poller import Found
from tests.fakes.still_clock import StillClock
from tests.unit.streams.sources.shop_model import SECOND, order

GRACE = 600 * SECOND


def found(number: str, placed_at: int) -> Found:
    return Found(Outgoing("t", b"k", b"v"), f"web-{number}", "e", placed_at)


def missed(poller: str) -> float:
    return REGISTRY.get_sample_value("streams_poll_missed_total", {"poller": poller}) or 0.0


def watching(poller: str) -> tuple[StillClock, Heard]:
    clock = StillClock()
    return clock, Heard(poller, clock, grace=GRACE, since=clock.micros())


def test_an_order_that_nobody_else_states_in_time_was_missed_and_is_counted_once(logged: list[EventDict]) -> None:
    clock, heard = watching("missed")
    heard.found(found("1", clock.micros()))
    clock.after(599)
    heard.round_ended()
    assert missed("missed") == 0

    clock.after(2)
    heard.round_ended()
    heard.round_ended()

    assert missed("missed") == 1
    assert [one["order_id"] for one in logged if one["event"] == "order-missed-by-events"] == ["web-1"]


def test_an_event_before_or_shortly_after_the_poll_is_in_time() -> None:
    clock, heard = watching("in-time")
    heard.stated("web-1")
    heard.found(found("1", clock.micros()))
    heard.found(found("2", clock.micros()))
    clock.after(300)
    heard.stated("web-2")
    clock.after(600)

    heard.round_ended()

    assert missed("in-time") == 0


def test_orders_from_before_this_process_listened_are_not_judged() -> None:
    clock, heard = watching("old")
    heard.found(found("1", clock.micros() - 1))
    clock.after(601)

    heard.round_ended()

    assert missed("old") == 0


def test_a_flood_of_orders_is_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    clock, heard = watching("flood")
    for number in range(5):
        heard.stated(f"web-{number}")
        heard.found(found(f"x{number}", clock.micros()))
    heard.found(found("0", clock.micros()))
    clock.after(601)

    heard.round_ended()

    assert missed("flood") == 2


class Reading:
    """As much of a Serde as is asked; what begins with `bad` is no order."""

    async def decode(self, _contract: object, values: list[bytes]) -> list[Order | DecodeError | None]:
        return [None if value.startswith(b"bad") else msgspec.json.decode(value, type=Order) for value in values]


def record(value: bytes, source: str = "") -> LogRecord:
    headers = (("ce_source", source.encode()),) if source else ()
    return LogRecord("commerce.order.v1", 0, 0, 0, b"k", value, headers)


def test_of_the_topic_all_is_heard_but_what_pollers_said_and_what_is_no_order() -> None:
    clock, heard = watching("listen")
    listener = Listener(cast("Settings", None), cast("Serde", Reading()), clock, heard, 0)
    orders = {number: msgspec.json.encode(order(number, at=1)) for number in ("1", "2", "3")}
    nameless = msgspec.json.encode(order("4", at=1, channel=""))

    asyncio.run(
        listener.take(
            [
                record(orders["1"], "/gateway/web"),
                record(orders["2"]),
                record(orders["3"], "/poll/commerce-orders"),
                record(b"bad"),
                record(nameless),
            ]
        )
    )
    for number in orders:
        heard.found(found(number, clock.micros()))
    clock.after(601)
    heard.round_ended()

    assert missed("listen") == 1
