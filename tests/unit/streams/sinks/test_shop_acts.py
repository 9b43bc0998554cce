"""What the shop's sink makes of a command: it reads back, decides, and calls once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.core.errors import (
    ConnectorError,
    MaskedFailureError,
    NotFoundError,
    RejectedPayloadError,
    UnknownOutcomeError,
)
from schemas.catalogue import SHIPMENT, command_contract
from schemas.models.command import Command
from schemas.models.document import LineQuantity
from schemas.models.order_event import EventLine, Track
from streams.domain.derived_id import derived_id
from streams.domain.order_table import OrderState
from streams.domain.order_words import SHOP, OrderWords
from streams.domain.shop_documents import reference_of
from streams.sinks.acts import Acts, CodedRefusalError
from streams.sinks.shop import ShopActs
from tests.contract.order_target import line, order
from tests.fakes.shop_order_target import Failure, InMemoryShopOrderTarget, Kept
from tests.unit.streams.sinks.commands import SETTLE_S, Sink

pytestmark = pytest.mark.anyio
UNIT = 1_000_000
NUMBER, ORDER_ID = "000000042", "web-000000042"
LINES = (EventLine(line_id="1", sku="PUMP-200", quantity=2 * UNIT),)
TRACK = Track(carrier_code="ups", title="UPS", number="1Z9")


def command(kind: str, **fields: Any) -> Command:  # noqa: ANN401  any field of the command
    part = fields.get("part")
    made = Command(
        command_id=derived_id(kind, part, fields.get("text")),
        role="commerce",
        kind="ADD_COMMENT",
        entity=ORDER_ID,
        epoch=1,
        counter=1,
        at=1,
        order_number=NUMBER,
    )
    return msgspec.structs.replace(made, kind=kind, **fields)


def ship(part: str = "S1", lines: tuple[EventLine, ...] = LINES) -> Command:
    return command("CREATE_SHIPMENT", part=part, lines=lines, source_code="east", tracks=(TRACK,))


EVERY = (
    command("SET_ERP_NUMBER", document="SO1"),
    command("ADD_COMMENT", part="promise", text="The order is confirmed."),
    ship(),
    command("CREATE_INVOICE", part="INV1", lines=LINES),
    command("CREATE_CREDIT_MEMO", part="CM1", lines=LINES),
    command("SET_RETURN_NUMBER", part="R1", document="RMA-7"),
    command("CANCEL_ORDER"),
)
"""One of each kind, in an order in which all of them can be done."""


class Shop:
    """A shop that holds one order of five pumps and a cable, and the acts on it."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  of the acts
        self.port = InMemoryShopOrderTarget()
        self.entity_id = self.port.place(order(line("1", "PUMP-200", "5"), line("2", "CABLE-3X15"), number=NUMBER))
        self.acts = ShopActs(self.port, timedelta(seconds=SETTLE_S), **options)

    @property
    def kept(self) -> Kept:
        return self.port.orders[self.entity_id]

    def made(self) -> dict[str, int]:
        """How many of each there are."""
        kept = self.kept
        return {
            "comments": len(kept.comments),
            "shipments": len(kept.shipments),
            "invoices": len(kept.invoices),
            "credit_memos": len(kept.credit_memos),
        }


@pytest.mark.parametrize("asked", EVERY, ids=lambda one: str(one.kind))
async def test_what_was_done_is_found_again_with_the_id_that_the_call_told(asked: Command) -> None:
    shop = Shop()
    if asked.kind == "CREATE_CREDIT_MEMO":
        await shop.acts.call(command("CREATE_INVOICE", part="INV1", lines=LINES))
    assert (await shop.acts.look(asked)).found == ()

    made = await shop.acts.call(asked)

    assert [one.external_id for one in (await shop.acts.look(asked)).found] == [made.external_id]


async def test_a_call_that_landed_since_it_was_looked_up_is_adopted_by_the_next_one() -> None:
    shop = Shop()
    first = await shop.acts.call(ship())

    assert (await shop.acts.call(ship())).external_id == first.external_id
    assert shop.made()["shipments"] == 1


async def test_two_of_ours_are_told_both_and_no_call_is_made() -> None:
    shop = Shop()
    for _ in range(2):
        await shop.port.ship(
            shop.entity_id,
            reference=reference_of(ship()),
            lines=[LineQuantity("1", UNIT)],
            source_code="east",
            tracks=[],
            notify=False,
        )

    assert len((await shop.acts.look(ship())).found) == 2
    with pytest.raises(UnknownOutcomeError):
        await shop.acts.call(ship())
    assert shop.made()["shipments"] == 2


async def test_a_shipment_carries_cartons_source_and_lines() -> None:
    shop = Shop()
    await shop.acts.call(ship())

    [made] = shop.kept.shipments
    assert (made.source_code, made.tracks) == ("east", (TRACK,))
    assert made.lines == (LineQuantity("1", 2 * UNIT),)


async def test_more_than_is_left_is_refused_with_both_values_and_nothing_is_cut_down() -> None:
    shop = Shop()
    await shop.acts.call(ship(lines=(EventLine(line_id="1", sku="PUMP-200", quantity=4 * UNIT),)))

    for act in (shop.acts.look, shop.acts.call):
        with pytest.raises(RejectedPayloadError, match=r"1 left of line 1 \(PUMP-200\), asked 2"):
            await act(ship("S2"))
    assert shop.made()["shipments"] == 1


async def test_what_was_posted_by_hand_is_adopted_for_one_shipment_only() -> None:
    shop = Shop()
    by_hand = await shop.port.ship(
        shop.entity_id, reference="x", lines=[LineQuantity("1", 2 * UNIT)], source_code="east", tracks=[], notify=False
    )
    shop.kept.shipments[0] = msgspec.structs.replace(shop.kept.shipments[0], reference=None)

    [found] = (await shop.acts.look(ship())).found
    assert (found.external_id, found.detail) == (by_hand, "it was posted by hand")
    assert (await shop.acts.look(ship("S2"), frozenset({by_hand}))).found == ()
    await shop.acts.call(ship("S2"))
    assert shop.made()["shipments"] == 2


async def test_an_invoice_books_and_takes_no_money() -> None:
    shop, taken = Shop(), []
    invoice = shop.port.invoice

    async def noted(*arguments: Any, capture: bool, **named: Any) -> str:  # noqa: ANN401  of the port
        taken.append(capture)
        return await invoice(*arguments, capture=capture, **named)

    shop.port.invoice = noted  # type: ignore[method-assign]  # the same form
    await shop.acts.call(command("CREATE_INVOICE", part="INV1", lines=LINES))

    assert taken == [False]


async def test_an_invoice_without_lines_is_about_the_rest_of_the_order_and_says_so() -> None:
    shop = Shop()
    await shop.acts.call(command("CREATE_INVOICE", part="INV1", lines=LINES))

    made = await shop.acts.call(command("CREATE_INVOICE", part="INV2"))

    assert made.detail == "it names no lines: all that was left"
    assert shop.kept.invoices[1].lines == (LineQuantity("1", 3 * UNIT), LineQuantity("2", UNIT))


async def test_a_part_of_the_money_without_lines_makes_no_document() -> None:
    shop = Shop()
    shop.kept.order = msgspec.structs.replace(
        shop.kept.order, totals=msgspec.structs.replace(shop.kept.order.totals, grand_total=900 * UNIT)
    )

    with pytest.raises(RejectedPayloadError, match="900 left, the document states 10 "):
        await shop.acts.call(command("CREATE_INVOICE", part="INV1", amount=10 * UNIT))
    assert shop.made()["invoices"] == 0


async def test_the_customer_is_mailed_about_what_is_set_and_about_nothing_else() -> None:
    quiet, loud = Shop(), Shop(notify=frozenset({"promise", "return"}))
    for shop in (quiet, loud):
        await shop.acts.call(command("ADD_COMMENT", part="promise", text="Confirmed."))
        await shop.acts.call(command("ADD_COMMENT", part="packed/S1", text="Packed: S1."))
        await shop.acts.call(command("SET_RETURN_NUMBER", part="R1", document="RMA-7"))

    assert ["by mail" in text for text in quiet.kept.comments] == [False, False, False]
    assert ["by mail" in text for text in loud.kept.comments] == [True, False, True]
    assert loud.kept.comments[2].startswith("Return number: RMA-7. (ref ")


@pytest.mark.parametrize(
    ("status", "shown"),
    [("acknowledged", "erp_confirmed"), ("shipped", None), ("a word of nobody", None), (None, None)],
)
async def test_a_comment_sets_the_shops_word_for_the_state_where_it_has_one(
    status: str | None, shown: str | None
) -> None:
    words = OrderWords(shop={**SHOP, OrderState.ACKNOWLEDGED: "erp_confirmed"})
    shop, seen = Shop(words=words), []
    add = shop.port.add_comment

    async def noted(*arguments: Any, status: str | None, **named: Any) -> None:  # noqa: ANN401  of the port
        seen.append(status)
        await add(*arguments, status=None, **named)

    shop.port.add_comment = noted  # type: ignore[method-assign]  # the same form
    await shop.acts.call(command("ADD_COMMENT", part="promise", text="Confirmed.", status=status))

    assert seen == [shown]


async def test_a_cancellation_that_leaves_something_open_says_what() -> None:
    shop = Shop()
    await shop.acts.call(ship())
    await shop.acts.call(command("CREATE_INVOICE", part="INV1", lines=LINES))

    made = await shop.acts.call(command("CANCEL_ORDER"))

    assert made.external_id == "processing"
    assert made.detail == (
        "the shop's order stays open in state processing, with 3 of line 1 (PUMP-200), 1 of line 2 (CABLE-3X15)"
    )


async def test_a_cancellation_that_did_nothing_is_refused() -> None:
    shop = Shop()
    await shop.acts.call(command("CREATE_INVOICE", part="INV1", lines=LINES))

    with pytest.raises(CodedRefusalError, match="stays open in state processing") as refused:
        await shop.acts.call(command("CANCEL_ORDER"))
    assert refused.value.code == "stays-open-in-processing"


@pytest.mark.parametrize("kind", ["CREATE_ORDER", "POST_INVOICE"])
async def test_what_a_shop_knows_nothing_of_is_refused_before_any_write(kind: str) -> None:
    shop = Shop()

    for act in (shop.acts.look, shop.acts.call):
        with pytest.raises(RejectedPayloadError, match=f"no way to do {kind}"):
            await act(command(kind))
    assert shop.port.writes == []


async def test_an_order_that_the_shop_does_not_have_is_refused() -> None:
    shop = Shop()

    with pytest.raises(NotFoundError):
        await shop.acts.look(msgspec.structs.replace(ship(), order_number="999"))
    with pytest.raises(RejectedPayloadError, match="no order number"):
        await shop.acts.look(msgspec.structs.replace(ship(), order_number=None))


# ── behind the sink: every document once ─────────────────────────────────────────────────────────


class ShopSink(Sink):
    """The sink of all documents but shipments."""

    contract = command_contract("commerce")
    told_on = "commerce.outcome.v1"

    def __init__(self, folder: Path) -> None:
        self.shop = Shop()
        super().__init__(folder)

    def acts(self) -> Acts:
        return self.shop.acts


class ShipmentSink(ShopSink):
    contract = SHIPMENT


BEFORE = [one for one in EVERY if one.kind not in {"CREATE_SHIPMENT", "CANCEL_ORDER"}]
LOST = [UnknownOutcomeError("no answer"), MaskedFailureError("could not save")]


@pytest.mark.parametrize("after_effect", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
async def test_every_document_is_made_once_though_every_first_answer_is_lost(
    tmp_path: Path,
    error: ConnectorError,
    after_effect: bool,  # noqa: FBT001
) -> None:
    sink = ShopSink(tmp_path)
    await sink.open()
    port = sink.shop.port
    for _ in BEFORE:
        port.failures += [Failure(error, after_effect=after_effect), *([] if after_effect else [None])]
    await sink.fold(*BEFORE)
    await sink.at_rest(passing=5)

    assert sink.shop.made() == {"comments": 2, "shipments": 0, "invoices": 1, "credit_memos": 1}
    assert sink.shop.kept.shown.external_id == "SO1"
    assert [(told.kind, told.state) for told in sink.outcomes] == [(one.kind, "APPLIED") for one in BEFORE]
    assert sink.counts == {"taken": len(BEFORE), "applied": len(BEFORE)}
    await sink.close()
    assert sink.faults == []


@pytest.mark.parametrize("write", [2, 3], ids=["intent lost", "end lost"])
async def test_a_worker_that_is_killed_around_the_call_posts_no_second_shipment(tmp_path: Path, write: int) -> None:
    sink = ShipmentSink(tmp_path)
    await sink.open()
    sink.broker.writes, sink.broker.fails_at = 0, write
    await sink.fold(ship(), ship("S2"))
    await sink.until(lambda: sink.faults or sink.sink.pending == 0, passing=1)
    assert sink.faults
    sink.faults.clear()
    await sink.killed()
    await sink.at_rest(passing=5)

    references = [one.reference for one in sink.shop.kept.shipments]
    assert references == [reference_of(ship()), reference_of(ship("S2"))]
    assert {told.external_id for told in sink.outcomes} == {one.internal_id for one in sink.shop.kept.shipments}
    assert sink.counts == {"taken": 2, "applied": 2}
    await sink.close()
    assert sink.faults == []


async def test_a_shipment_by_hand_stands_for_one_of_ours_and_the_next_is_posted(tmp_path: Path) -> None:
    sink = ShipmentSink(tmp_path)
    await sink.open()
    shop = sink.shop
    await shop.acts.call(ship("by hand"))
    shop.kept.shipments[0] = msgspec.structs.replace(shop.kept.shipments[0], reference=None)
    await sink.fold(ship(), ship("S2"))
    await sink.at_rest(passing=5)

    assert [told.detail for told in sink.outcomes] == ["it was posted by hand", ""]
    assert [one.reference for one in shop.kept.shipments] == [None, reference_of(ship("S2"))]
    await sink.close()


async def test_what_the_shop_has_twice_is_told_and_the_next_document_does_not_wait_for_it(tmp_path: Path) -> None:
    """Nobody can take one of them back there."""
    sink = ShipmentSink(tmp_path)
    await sink.open()
    for _ in range(2):
        await sink.shop.port.ship(
            sink.shop.entity_id,
            reference=reference_of(ship()),
            lines=[LineQuantity("1", UNIT)],
            source_code="east",
            tracks=[],
            notify=False,
        )
    await sink.fold(ship(), ship("S2"))
    await sink.at_rest(passing=5)

    assert [(told.state, told.reason) for told in sink.outcomes] == [("HELD", "duplicate-suspected"), ("APPLIED", None)]
    assert sink.left(ORDER_ID).held is None
    assert sink.counts == {"taken": 2, "applied": 2}
    await sink.close()


async def test_a_refused_document_is_dead_with_both_values_and_the_next_command_goes_on(tmp_path: Path) -> None:
    sink = ShipmentSink(tmp_path)
    await sink.open()
    too_many = (EventLine(line_id="1", sku="PUMP-200", quantity=6 * UNIT),)
    await sink.fold(ship(lines=too_many), ship("S2"))
    await sink.at_rest(passing=5)

    assert [(told.state, told.reason) for told in sink.outcomes] == [("DEAD", "rejected-by-target"), ("APPLIED", None)]
    assert sink.outcomes[0].detail == "the shop has 5 left of line 1 (PUMP-200), asked 6"
    assert sink.shop.port.writes == ["ship"]
    await sink.close()
