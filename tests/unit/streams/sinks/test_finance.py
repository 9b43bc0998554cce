"""What the finance sink makes of a command: one document per reference, whatever becomes of the calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import RejectedPayloadError, UnknownOutcomeError
from schemas.catalogue import command_contract
from schemas.models.command import Command, CommandKind
from schemas.models.document import BookedDocument
from schemas.models.order import Totals
from streams.domain.derived_id import derived_id
from streams.domain.order_books import books_of
from streams.sinks.acts import Acts
from streams.sinks.finance import FinanceActs, booking_of, reference_of
from tests.contract.orders import ORDER, order
from tests.fakes.finance_target import InMemoryFinanceTarget
from tests.fakes.order_target import Failure
from tests.unit.streams.sinks.commands import SETTLE_S, Sink

pytestmark = pytest.mark.anyio
SETTLE = timedelta(seconds=SETTLE_S)
UNIT = 1_000_000
UPSERTS = pytest.mark.parametrize("upserts", [True, False], ids=["upserts", "creates"])


def post(amount: int | None = 10 * UNIT, *, kind: CommandKind = "POST_INVOICE", part: str = "I1") -> Command:
    return Command(
        command_id=derived_id("web-1", kind, part, amount),
        role="finance",
        kind=kind,
        entity="web-1",
        part=part,
        epoch=1_763_700_000,
        counter=1,
        at=9,
        order=books_of(ORDER),
        document=part,
        amount=amount,
        happened_at=7,
    )


def but(command: Command, **changes: object) -> Command:
    return msgspec.structs.replace(command, **changes)


class Books(Sink):
    """A sink before books in memory."""

    contract = command_contract("finance")
    told_on = "finance.outcome.v1"

    def __init__(self, folder: Path, *, upserts: bool = True) -> None:
        self.books = InMemoryFinanceTarget(upserts=upserts)
        super().__init__(folder)

    def acts(self) -> Acts:
        return FinanceActs(self.books, SETTLE)

    @property
    def entries(self) -> list[list[int]]:
        return [one.entries for one in self.books.documents]


@asynccontextmanager
async def books(folder: Path, *, upserts: bool = True) -> AsyncIterator[Books]:
    made = Books(folder, upserts=upserts)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
    assert made.faults == []


async def test_everything_is_booked_as_it_was_stated_and_nothing_is_computed() -> None:
    wanted = booking_of(post(12_345_678))

    assert (wanted.kind, wanted.order_id, wanted.order_number, wanted.channel) == (
        "invoice", "web-1", ORDER.number, ORDER.channel,
    )  # fmt: skip
    assert (wanted.document, wanted.account, wanted.currency, wanted.amount) == ("I1", "C-1004", "USD", 12_345_678)
    assert (wanted.happened_at, wanted.order_total, wanted.order_tax) == (7, 1_121_130_000, 66_825_000)
    assert (wanted.purchase_order, wanted.terms, wanted.payment_method) == ("PO-778", "NET30", "purchaseorder")
    bare = booking_of(but(post(), order=order(totals=Totals()), happened_at=None))
    assert (bare.order_total, bare.order_tax, bare.happened_at) == (None, None, 9)


async def test_a_reference_is_the_documents_and_not_the_attempts() -> None:
    assert reference_of(post(1)) == reference_of(post(2))
    others = [post(part="I2"), post(kind="POST_CREDIT"), post(kind="POST_PAYMENT"), but(post(), entity="web-2")]
    assert len({reference_of(one) for one in [post(), *others]}) == 5
    assert [booking_of(one).kind for one in others] == ["invoice", "credit", "payment", "invoice"]
    assert booking_of(but(post(), document=None)).document == "I1"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": None}, "no amount"),
        ({"amount": -1}, "an amount below nothing"),
        ({"order": None}, "no order"),
        (
            {"order": order(customer=msgspec.structs.replace(ORDER.customer, account_code=None))},
            "its channel must state the order with it",
        ),
        ({"document": None, "part": None}, "its system must name it"),
        ({"kind": "CREATE_ORDER"}, "no way to do CREATE_ORDER"),
    ],
)
async def test_what_nobody_can_book_is_refused_before_any_call_with_what_to_do(
    changes: dict[str, object], words: str
) -> None:
    target = InMemoryFinanceTarget()

    with pytest.raises(RejectedPayloadError) as told:
        await FinanceActs(target, SETTLE).call(but(post(), **changes))

    assert words in told.value.message
    assert target.posts == []


async def test_a_look_finds_the_document_only_with_the_amount_that_is_asked_for() -> None:
    target = InMemoryFinanceTarget()
    acts = FinanceActs(target, SETTLE)
    assert (await acts.look(post())).found == ()

    made = await acts.call(post())

    assert (await acts.look(post())).found == (made,)
    assert (await acts.look(post(30 * UNIT))).found == ()


async def test_two_documents_of_one_reference_are_for_a_person_whatever_they_come_to() -> None:
    target = InMemoryFinanceTarget(upserts=False)
    acts = FinanceActs(target, SETTLE)
    for _ in range(2):
        await acts.call(post())

    assert [one.value for one in (await acts.look(post(30 * UNIT))).found] == ["D1", "D2"]


async def test_how_long_a_call_may_stay_unseen_is_settle_time_and_read_lag() -> None:
    target = InMemoryFinanceTarget(upserts=False, read_lag=timedelta(seconds=5))

    assert FinanceActs(target, SETTLE).manner == (False, (SETTLE_S + 5) * UNIT)


@UPSERTS
async def test_an_invoice_that_grew_is_one_document_with_the_last_amount(tmp_path: Path, upserts: bool) -> None:  # noqa: FBT001
    async with books(tmp_path, upserts=upserts) as one:
        await one.fold(post(10 * UNIT), post(30 * UNIT))
        await one.at_rest()

        assert one.entries == [[10 * UNIT, 20 * UNIT]]
        assert [(told.state, told.value) for told in one.outcomes] == [("APPLIED", "D1")] * 2


@UPSERTS
async def test_a_lost_answer_is_looked_up_and_adopted(tmp_path: Path, upserts: bool) -> None:  # noqa: FBT001
    async with books(tmp_path, upserts=upserts) as one:
        one.books.failures.append(Failure(UnknownOutcomeError("no answer"), after_effect=True))
        await one.fold(post())
        await one.at_rest()

        assert (len(one.books.posts), one.entries) == (1, [[10 * UNIT]])
        assert [told.state for told in one.outcomes] == ["APPLIED"]


@UPSERTS
async def test_a_call_that_came_to_nothing_is_made_again_after_a_look(tmp_path: Path, upserts: bool) -> None:  # noqa: FBT001
    looked: list[int] = []

    class Watched(InMemoryFinanceTarget):
        async def find_documents(self, reference: str) -> list[BookedDocument]:
            looked.append(len(self.posts))
            return list(await super().find_documents(reference))

    async with books(tmp_path, upserts=upserts) as one:
        one.books.__class__ = Watched
        one.books.failures.append(Failure(UnknownOutcomeError("no answer")))
        await one.fold(post())
        await one.at_rest()

        assert (len(one.books.posts), one.entries) == (2, [[10 * UNIT]])
        assert 1 in looked


async def test_a_correction_waits_until_the_call_before_it_can_no_longer_run(tmp_path: Path) -> None:
    """Else the smaller amount could come last."""
    async with books(tmp_path) as one:
        one.books.failures.append(Failure(UnknownOutcomeError("no answer")))
        await one.fold(post(10 * UNIT), post(30 * UNIT))
        began = one.clock.monotonic()
        await one.at_rest()

        assert one.clock.monotonic() - began >= SETTLE_S
        assert one.entries == [[10 * UNIT, 20 * UNIT]]


async def test_a_worker_that_is_killed_during_the_call_books_nothing_twice(tmp_path: Path) -> None:
    async with books(tmp_path) as one:
        one.broker.fails_at = 3  # taken in, intent: the end of the call is lost
        await one.fold(post())
        await one.until(lambda: one.faults)
        one.faults.clear()

        await one.killed()
        await one.at_rest()

        assert one.entries == [[10 * UNIT]]
        assert [told.state for told in one.outcomes] == ["APPLIED"]


async def test_a_closed_period_is_told_and_the_next_document_goes_on(tmp_path: Path) -> None:
    async with books(tmp_path) as one:
        one.books.closed_before = 8
        await one.fold(post(), but(post(part="I2"), happened_at=8))
        await one.at_rest()

        told = [(each.state, each.part, each.reason, each.detail) for each in one.outcomes]
        assert told[0] == ("DEAD", "I1", "rejected-by-target", "the period is closed")
        assert told[1][:3] == ("APPLIED", "I2", None)
