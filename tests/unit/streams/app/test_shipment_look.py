"""What a worker tells of an order's shipments: those that the shop has not posted, and what the stock lane knows."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.catalogue import SHIPMENT
from schemas.models.command import Command
from streams.app.order_look import OrderLook
from streams.domain import work
from streams.domain.derived_id import derived_id
from streams.domain.work import Intent, Pending, Work
from streams.sinks.lane_shipments import Short, Standing
from streams.web.introspection import NotOwnedError
from streams.web.order_facts import LaneStandFact, ShortFact
from tests.unit.streams.app.looking import App, begun
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.tables import close_table

pytestmark = pytest.mark.anyio


def _shipment(app: App, part: str, at: int) -> Pending:
    command = Command(
        command_id=derived_id("web-2", part), role="commerce", kind="CREATE_SHIPMENT", entity="web-2", part=part,
        epoch=1, counter=1, at=at, source_code="north",
    )  # fmt: skip
    app.offset += 1
    return Pending(command.command_id, app.serde.encode(SHIPMENT.topic, command), (SHIPMENT.topic, 0, app.offset))


async def test_shipments_that_the_shop_has_not_posted_are_told_in_the_order_in_which_they_go(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.serde.prepare([SHIPMENT.topic])
        first, second = _shipment(app, "SHP-1", T0), _shipment(app, "SHP-2", T0 + 1)
        made = Work((first, second), intent=Intent(first.command_id, T0 + 5), attempts=2, masked=2)
        await app._put(app.tables["shipment-work"], "web-2", work.encode(made))
        one, other = await look.shipments("web-2")
        nothing = await look.shipments("web-3")

    assert (one.part, one.source_code, one.at, one.masked, one.after) == ("SHP-1", "north", T0, 2, "")
    assert (one.work.intent_at, one.work.attempts, one.offset) == (T0 + 5, 2, first.place[2])
    assert (other.part, other.after, other.masked, other.work.intent_at) == ("SHP-2", "SHP-1", 0, None)
    assert nothing == ()


async def test_a_shipment_whose_lane_is_not_known_says_so(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.serde.prepare([SHIPMENT.topic])
        made = Work((_shipment(app, "SHP-1", T0),))
        await app._put(app.tables["shipment-work"], "web-2", work.encode(made))
        [one] = await look.shipments("web-2")

    assert one.lane is None


async def test_shipments_of_another_worker_are_refused_and_their_owner_is_known(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        assert look.owner_of_shipments() is None
        app.metadata["http://127.0.0.1:2/"] = {app.tables["shipment-work"].changelog: [0]}
        assert look.owner_of_shipments() == "http://127.0.0.1:2"
        stood_in: Any = app
        close_table(app.tables["shipment-work"])
        with pytest.raises(NotOwnedError):
            await look.shipments("web-2")
        assert OrderLook(stood_in, ("erp",)).owner_of_shipments() is None


async def test_what_the_lane_keeps_it_for_is_told_in_units_with_how_the_lane_runs(tmp_path: Path) -> None:
    async def standing(_command: Command) -> Standing:
        return Standing((Short("PUMP-200", 2_500_000, 5_000_000),), ("SEAL-9",))

    async with begun(tmp_path) as (app, look):
        await app.serde.prepare([SHIPMENT.topic])
        app.order_side.post = SimpleNamespace(standing=standing)
        made = Work((_shipment(app, "SHP-1", T0),))
        await app._put(app.tables["shipment-work"], "web-2", work.encode(made))
        [one] = await look.shipments("web-2")

    assert one.lane == LaneStandFact("run", (ShortFact("PUMP-200", "2.5", "5"),), ("SEAL-9",))
