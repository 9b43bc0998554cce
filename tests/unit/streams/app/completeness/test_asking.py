"""Targets are asked through the doors of their sinks: patient with a hiccup, and left alone while they are away."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.core.errors import RejectedPayloadError, TargetUnavailableError, UnauthorizedError
from schemas.models.document import Held, OrderChange
from streams.app.completeness.around import Door
from streams.app.completeness.asking import TRIES, Asking, TargetAwayError
from streams.app.completeness.requeue import Requeue
from streams.domain.close_request import CloseRequest, CloseRun
from streams.domain.closing import Finding, Kind, Page
from streams.domain.order_closing import Asked, Record
from streams.runtime.gate import Gate
from tests.fakes.still_clock import StillClock

pytestmark = pytest.mark.anyio


class InMemoryHoldings:
    """Holds what it was told; fails first as often as it is told."""

    at_once = 3

    def __init__(self, *references: str, failures: Sequence[Exception] = ()) -> None:
        self._references, self._failures = references, list(failures)
        self.asked: list[list[str]] = []

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        self.asked.append(list(references))
        if self._failures:
            raise self._failures.pop(0)
        return [Held(reference=one, internal_id=one) for one in references if one in self._references]


@pytest.fixture
def clock() -> StillClock:
    return StillClock(runs_freely=True)


async def _held(clock: StillClock, holdings: InMemoryHoldings, *references: str) -> list[str]:
    door = Door(Gate("netsuite", clock), holdings)
    return [one.reference for one in await Asking(clock).held(door, references)]


async def test_references_are_asked_for_in_portions_each_once(clock: StillClock) -> None:
    holdings = InMemoryHoldings("a", "e")
    assert await _held(clock, holdings, "a", "b", "c", "a", "d", "e") == ["a", "e"]
    assert holdings.asked == [["a", "b", "c"], ["d", "e"]]


async def test_a_hiccup_is_waited_out(clock: StillClock) -> None:
    holdings = InMemoryHoldings("a", failures=[TargetUnavailableError("503")] * (TRIES - 1))
    assert await _held(clock, holdings, "a") == ["a"]


async def test_a_target_that_stays_away_is_said_and_not_taken_for_empty(clock: StillClock) -> None:
    holdings = InMemoryHoldings("a", failures=[TargetUnavailableError("503")] * TRIES)
    with pytest.raises(TargetAwayError, match="503"):
        await _held(clock, holdings, "a")


async def test_a_refusal_is_no_answer_either(clock: StillClock) -> None:
    with pytest.raises(TargetAwayError, match="no such field"):
        await _held(clock, InMemoryHoldings(failures=[RejectedPayloadError("no such field", status=400)]), "a")


async def test_a_target_whose_breaker_is_open_is_not_asked(clock: StillClock) -> None:
    gate, holdings = Gate("netsuite", clock), InMemoryHoldings("a")
    gate.failed(UnauthorizedError("401 refused"))
    with pytest.raises(TargetAwayError, match="401 refused"):
        await Asking(clock).held(Door(gate, holdings), ["a"])
    assert holdings.asked == []


async def test_a_product_that_cannot_be_asked_says_so(clock: StillClock) -> None:
    with pytest.raises(TargetAwayError, match="cannot be asked"):
        await Asking(clock).held(Door(Gate("rest_carrier", clock), None), ["a"])


class InMemoryShopList:
    """Pages of two, as the shop lists changes."""

    def __init__(self, *rows: OrderChange) -> None:
        self._rows = sorted(rows, key=lambda row: (row.updated_at, row.entity_id))

    async def changed_orders(self, since: int, after: str = "") -> Sequence[OrderChange]:
        later = [
            row for row in self._rows if row.updated_at >= since and (row.updated_at, row.entity_id) > (since, after)
        ]
        return later[:2]


async def test_the_shops_list_is_read_to_its_end_and_orders_of_other_times_are_left_out(clock: StillClock) -> None:
    rows = [
        OrderChange(number=str(n), entity_id=str(n), placed_at=100 + n if n else 5, updated_at=200 + n)
        for n in range(6)
    ]
    port: Any = InMemoryShopList(*rows)  # Any: as much of the port as is asked
    found = await Asking(clock).placed(Gate("adobe_commerce", clock), port, "web", 100, 104)
    assert {order_id: row.number for order_id, row in found.items()} == {"web-1": "1", "web-2": "2", "web-3": "3"}


async def test_nothing_is_asked_for_anew_while_the_target_is_away(clock: StillClock) -> None:
    """Not even the audit is written: nothing was done."""
    gate = Gate("netsuite", clock)
    gate.failed(UnauthorizedError("401 refused"))
    finding = Finding(Kind.NOT_AT_TARGET, "web-1", "netsuite web-1", "CREATE_ORDER")
    run = CloseRun(CloseRequest(run="r", requeue=("*",)), 0)
    run.pages = [Page(flow="orders", opened_at=0, closed_at=1, made_at=1, findings=(finding,), found=1)]
    asked = Asked("c", "erp", "CREATE_TASK", "", "erp-work", Record("erp.command.v1", 0, 0, 0))
    run.asked = {("web-1", "CREATE_ORDER"): asked._replace(kind="CREATE_ORDER")}
    requeue = Requeue(SimpleNamespace(clock=clock), {"erp": Door(gate, None)}, Asking(clock))
    [told] = await requeue.all(run, None)
    assert (told.order_id, told.is_done) == ("web-1", False)
    assert "netsuite cannot be asked now" in told.why


async def test_an_order_of_which_nothing_is_missing_is_not_asked_for_anew(clock: StillClock) -> None:
    requeue = Requeue(SimpleNamespace(clock=clock), {}, Asking(clock))
    [told] = await requeue.all(CloseRun(CloseRequest(run="r"), 0), ["web-1"])
    assert (told.is_done, told.why) == (False, "nothing of it is missing")
