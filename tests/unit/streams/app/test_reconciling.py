"""A person's order becomes one run, and a run becomes facts for the pages."""

from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import TargetUnavailableError
from schemas.models.operations import OperatorControl
from streams.app.reconciling import KEY, TOO_OLD, ordered, reconcile_fact, run_fact
from streams.domain.reconciliation import Request, RunState, Scope
from tests.unit.streams.sinks.lane import Lane, lane
from tests.unit.streams.sinks.reconciling import compare, edit, find, remove, settled, start

pytestmark = pytest.mark.anyio
REQUEST = Request("run-1", Scope.FULL, by="somebody else")


def order(at: Lane, value: str = msgspec.json.encode(REQUEST).decode(), *, key: str = KEY) -> OperatorControl:
    return OperatorControl(key=key, state="full", value=value, actor="ann", at=at.clock.micros())


def carried_out(at: Lane, one: OperatorControl, *, later: int = 0) -> None:
    ordered(at.lane.reconciliation, one, at.clock.micros() + later)


async def test_an_order_is_one_run_in_the_name_of_who_gave_it(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at, "A")
        carried_out(at, order(at))
        await at.until(lambda: (run := find(at, "run-1")) and run.state is RunState.DONE, passing=1)
        carried_out(at, order(at))  # the topic is read again
        at.after(5)
        await at.until(lambda: True)

        assert [(run.request.run, run.request.by) for run in at.lane.reconciliation.runs] == [("run-1", "ann")]


async def test_old_orders_orders_of_others_and_what_cannot_be_read_are_no_runs(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        carried_out(at, order(at), later=TOO_OLD + 1)
        carried_out(at, order(at, key="sink/commerce"))
        carried_out(at, order(at, "{"))
        at.after(5)
        await at.until(lambda: True)

        assert not at.lane.reconciliation.runs


async def test_facts_carry_the_first_differences_of_the_newest_runs_only(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        await settled(at)
        edit(at, "S0001", 3)
        remove(at, "S0002")
        edit(at, "X", 1)
        for name in ("first", "second"):
            await compare(at, run=name)
        for _ in range(3):
            at.gate.failed(TargetUnavailableError("away"))
        start(at, run="third")

        fact = reconcile_fact(at.lane.reconciliation)

        assert [(run.run, run.state, len(run.drift)) for run in fact.runs] == [
            ("third", "refused", 0),
            ("second", "done", 3),
            ("first", "done", 0),
        ]
        assert fact.refusal
        told = {(one.kind, one.sku, one.ours, one.theirs) for one in fact.runs[1].drift}
        assert told == {
            ("foreign-edit", "S0001", "10 in stock", "3 in stock"),
            ("missing", "S0002", "10 in stock", None),
            ("orphan", "X", None, "1 in stock"),
        }
        found = find(at, "second")
        assert found is not None
        assert len(run_fact(found, 1).drift) == 1
