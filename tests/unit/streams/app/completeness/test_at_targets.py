"""What targets hold is compared with what they acknowledged; one that does not answer is unknown."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import RejectedPayloadError, TargetUnavailableError, UnauthorizedError
from schemas.models.document import Held, LineQuantity
from schemas.models.operations import Outcome
from streams.app.completeness.around import Door
from streams.app.completeness.asking import TRIES
from streams.domain import work
from streams.domain.closing import ABOUT, Kind, State
from streams.domain.version import Version
from streams.runtime.versioned import pack
from streams.runtime.writer import Record
from streams.tables import SHIPMENT_WORK, changelog
from streams.topics import COMMERCE_OUTCOME, SHIPMENT
from tests.unit.streams.app.completeness.day import APP_ID, SECOND, ErpHoldings, finding_of, put, said
from tests.unit.streams.app.completeness.orders_day import OrdersDay, orders_day, placed
from tests.unit.streams.flows.order_worker import applied

pytestmark = pytest.mark.anyio
ONE, TWO = "web-000000001", "web-000000002"
SHIPMENTS = changelog(APP_ID, SHIPMENT_WORK)


@pytest.fixture
async def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OrdersDay]:
    async with orders_day(tmp_path, monkeypatch) as made:
        yield made


# ── the ERP ──────────────────────────────────────────────────────────────────────────────────────


async def test_an_order_that_somebody_deleted_at_the_erp_is_missing(day: OrdersDay) -> None:
    await day.deliver("000000001", "000000002")
    day.erp.lost.add(ONE)

    page = await day.closing.page("orders")

    assert said(page) == {(Kind.NOT_AT_TARGET, ONE, f"netsuite {ONE}")}
    assert page.states == {State.MISSING: 1, State.DELIVERED: 1}
    [erp] = page.targets
    assert (erp.wanted, erp.there, erp.missing) == (2, 1, 1)
    assert "--requeue ID" in ABOUT[Kind.NOT_AT_TARGET].advice


async def test_an_order_that_is_there_twice_is_named_with_both_numbers(day: OrdersDay) -> None:
    await day.deliver("000000001")
    day.erp.also.append(Held(reference=ONE, internal_id="99", number="SO99"))

    page = await day.closing.page("orders")

    assert said(page) == {(Kind.TWICE, ONE, f"netsuite {ONE}")}
    assert finding_of(page, Kind.TWICE).detail == "CREATE_ORDER: SO1, SO99"
    assert page.targets[0].twice == 1


async def test_an_order_that_comes_to_another_total_there_is_named_with_both(day: OrdersDay) -> None:
    await day.deliver("000000001")
    day.erp.total = 40 * SECOND

    page = await day.closing.page("orders")

    assert said(page) == {(Kind.DIFFERS, ONE, f"netsuite {ONE}")}
    assert finding_of(page, Kind.DIFFERS).detail == "CREATE_ORDER: total 40.00, wanted 35.00 USD"
    assert (page.targets[0].differ, page.targets[0].total) == (1, {"USD": 40 * SECOND})


async def test_what_the_erp_holds_of_others_is_none_of_ours(day: OrdersDay) -> None:
    await day.deliver("000000001")
    day.erp.also.append(Held(reference="SALES-7", internal_id="98"))

    assert (await day.closing.page("orders")).closes


class LateErp(ErpHoldings):
    """Its list shows what it made only at a second question."""

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        found = await super().held(references)
        self.lost = set()
        return found


async def test_what_is_there_at_a_second_look_is_no_finding(day: OrdersDay) -> None:
    await day.deliver("000000001")
    late = LateErp(day.sink.erp, lost={ONE})
    day.around.all_doors["erp"] = Door(day.gate, late)

    page = await day.closing.page("orders")

    assert (page.looks, page.findings, page.states) == (2, (), {State.DELIVERED: 1})


@pytest.mark.parametrize(
    ("failures", "why"),
    [
        ([TargetUnavailableError("503")] * TRIES, "TargetUnavailableError: 503"),
        ([UnauthorizedError("401")], "UnauthorizedError: 401"),
        ([RejectedPayloadError("no such field")], "RejectedPayloadError: no such field"),
    ],
)
async def test_a_target_that_does_not_answer_is_unknown_and_nothing_counts_as_missing(
    day: OrdersDay, failures: list[Exception], why: str
) -> None:
    await day.deliver("000000001")
    day.erp.failures = list(failures)  # type: ignore[arg-type]  # each is one of a connector

    page = await day.closing.page("orders")

    [erp] = page.targets
    assert (erp.why, erp.wanted, erp.there, erp.missing) == (why, 1, 0, 0)
    assert (page.findings, page.states) == ((), {State.DELIVERED: 1})
    assert not page.closes


async def test_a_product_that_cannot_be_asked_is_left_out_of_the_sums(day: OrdersDay) -> None:
    await day.deliver("000000001")
    day.around.all_doors["erp"] = Door(day.gate, None)

    page = await day.closing.page("orders")

    [erp] = page.targets
    assert (erp.target, erp.wanted, erp.why) == ("netsuite", 0, "")
    assert page.closes


# ── the shop's list ──────────────────────────────────────────────────────────────────────────────


async def test_an_order_in_the_shops_list_that_nobody_told_us_of_is_named(day: OrdersDay) -> None:
    await day.deliver("000000001")
    for number in ("000000001", "000000002"):
        day.around.at_shop.place(placed(number))

    page = await day.closing.page("orders")

    assert said(page) == {(Kind.NEVER_SEEN, TWO, "commerce.order.v1")}
    assert page.states == {State.MISSING: 1, State.DELIVERED: 1}
    assert page.findings[0].detail == "order 000000002"


async def test_a_number_between_others_is_one_that_was_never_placed_or_that_cannot_be_read(day: OrdersDay) -> None:
    """The shop answers 404 for the first, and refuses to show the second."""
    for number in ("000000001", "000000004"):
        day.around.at_shop.place(placed(number))
    await day.deliver("000000001", "000000004")
    day.around.at_shop.read_failures.extend([None, None, None, RejectedPayloadError("no permission")])

    page = await day.closing.page("orders")

    assert (page.never_placed, page.unread) == (("000000002",), ("000000003",))
    assert page.findings == ()


async def test_a_shop_that_does_not_answer_is_unknown(day: OrdersDay) -> None:
    await day.deliver("000000001")
    day.around.at_shop.read_failures.append(RejectedPayloadError("no permission"))

    page = await day.closing.page("orders")

    shop = next(one for one in page.targets if one.role == "channel")
    assert (shop.target, shop.why) == ("adobe_commerce", "no permission")
    assert page.findings == ()
    assert not page.closes


# ── documents at the shop ────────────────────────────────────────────────────────────────────────


class Shipped:
    """An order with a shipment that the shop acknowledged."""

    def __init__(self, day: OrdersDay) -> None:
        self.day = day

    async def begin(self) -> None:
        day, shop = self.day, self.day.around.at_shop
        day.with_shop()
        entity_id = shop.place(placed("000000001"))
        await day.deliver("000000001")
        self.id = await shop.ship(
            entity_id, reference="r", lines=[LineQuantity("501", SECOND)], source_code="east", tracks=(), notify=False
        )
        serde = day.worker.serde
        await serde.prepare([SHIPMENT.name, COMMERCE_OUTCOME.name])
        self.command = msgspec.structs.replace(
            day.commands()[0], command_id="ship-1", role="commerce", kind="CREATE_SHIPMENT", part="S1", order=None
        )
        value = serde.encode(SHIPMENT.name, self.command)
        put(day.broker, ONE.encode(), value, SHIPMENT.name)

    def answer(self, **given: object) -> None:
        """The shop's outcome is in its log."""
        told: Outcome = applied(self.command, external_id=self.id, value=None, **given)
        value = self.day.worker.serde.encode(COMMERCE_OUTCOME.name, told)
        self.day.broker.log[COMMERCE_OUTCOME.name].append(Record(ONE.encode(), value))


async def test_a_shipment_that_the_shop_has_closes_with_its_order(day: OrdersDay) -> None:
    shipped = Shipped(day)
    await shipped.begin()
    shipped.answer()

    page = await day.closing.page("orders")

    assert (page.findings, page.states) == ((), {State.DELIVERED: 1})
    shop = next(one for one in page.targets if one.role == "commerce")
    assert (shop.wanted, shop.there) == (1, 1)


async def test_a_shipment_that_somebody_deleted_at_the_shop_is_missing_there(day: OrdersDay) -> None:
    shipped = Shipped(day)
    await shipped.begin()
    shipped.answer()
    for kept in day.around.at_shop.orders.values():
        kept.shipments.clear()

    page = await day.closing.page("orders")

    assert said(page) == {(Kind.NOT_AT_TARGET, ONE, f"adobe_commerce shipment {shipped.id}")}


async def test_a_shop_that_refuses_to_show_documents_is_unknown(day: OrdersDay) -> None:
    shipped = Shipped(day)
    await shipped.begin()
    shipped.answer()
    day.around.at_shop.read_failures.extend([None, None, RejectedPayloadError("no permission")])

    page = await day.closing.page("orders")

    shop = next(one for one in page.targets if one.role == "commerce")
    assert shop.why == "RejectedPayloadError: no permission"
    assert page.findings == ()


async def test_a_shipment_whose_sink_holds_it_for_a_person_holds_its_order(day: OrdersDay) -> None:
    shipped = Shipped(day)
    await shipped.begin()
    left = work.Work(pending=(work.Pending("ship-1", b"", (SHIPMENT.name, 0, 0)),), held="twice-at-target")
    put(day.broker, b"e" + ONE.encode(), pack(Version(1, 1), msgspec.msgpack.encode(left)), SHIPMENTS)

    page = await day.closing.page("orders")

    assert (page.states, page.findings) == ({State.HELD: 1}, ())
    assert page.open[0].why == "twice-at-target"


async def test_a_shipment_that_was_refused_is_dead_until_it_is_done(day: OrdersDay) -> None:
    shipped = Shipped(day)
    await shipped.begin()
    shipped.answer(state="DEAD", reason="rejected-by-target")

    page = await day.closing.page("orders")

    assert (page.states, page.findings) == ({State.DEAD: 1}, ())
