"""What the carrier's sink makes of a command: one label, the right service, and no second one whatever was lost."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.core.errors import ConflictError, RejectedPayloadError, UnknownOutcomeError
from schemas.catalogue import command_contract
from schemas.models.command import Command
from schemas.models.document import Label, Offer
from schemas.models.order import Order
from schemas.models.order_event import EventLine, Track
from streams.domain.label_choice import DAY
from streams.sinks.acts import Acts
from streams.sinks.carrier import CarrierActs, reference_of
from tests.contract.order_target import order
from tests.fakes.carrier_target import FakeCarrier
from tests.unit.streams.sinks.commands import Sink

pytestmark = pytest.mark.anyio
SETTLE = timedelta(seconds=60)
NOW = 20_000 * DAY


def command(**given: object) -> Command:
    made = Command(
        command_id="c1",
        role="carrier",
        kind="BOOK_LABEL",
        entity="web-1",
        part="SHP-1",
        epoch=1,
        counter=1,
        at=NOW,
        order=in_dollars(),
        lines=(EventLine(line_id="1", sku="PUMP-200", quantity=2_000_000),),
        source_code="east",
        document="SHP-1",
    )
    return msgspec.structs.replace(made, **given)


def in_dollars() -> Order:
    return msgspec.structs.replace(order(), currency="USD")


async def test_the_cheapest_service_in_time_is_booked_and_its_price_and_number_are_told() -> None:
    carrier = FakeCarrier()

    effect = await CarrierActs(carrier, SETTLE).call(command(expected_at=NOW + 4 * DAY))

    assert (effect.external_id, effect.value) == ("FK000001", "label-FK000001")
    assert effect.tracks == (Track(carrier_code="fake", title="ground", number="FK000001"),)
    assert (effect.amount, effect.currency) == (7_500_000, "USD")
    assert effect.detail == "service ground, cheapest in time"


async def test_a_promise_that_nothing_keeps_takes_the_fastest_and_says_so() -> None:
    effect = await CarrierActs(FakeCarrier(), SETTLE).call(command(expected_at=NOW))

    assert effect.detail == "service express, fastest, later than promised"


async def test_a_service_that_is_named_is_booked_without_asking_for_rates() -> None:
    carrier = FakeCarrier()

    effect = await CarrierActs(carrier, SETTLE).call(command(service="economy"))

    assert effect.detail == "service economy, by shipping method"
    assert list(carrier.booked) == ["web-1-SHP-1"]


async def test_a_label_whose_answer_was_lost_is_found_though_rates_would_choose_another_one_now() -> None:
    carrier = FakeCarrier()
    acts = CarrierActs(carrier, SETTLE)
    assert (await acts.look(command())).found == ()
    made = await acts.call(command())
    carrier.offers = (Offer(service="new", price=1, currency="USD", days=0), *carrier.offers)

    (found,) = (await acts.look(command())).found

    assert found.external_id == made.external_id
    assert found.tracks == made.tracks
    with pytest.raises(ConflictError):
        await acts.call(command())
    assert len(carrier.booked) == 1


async def test_a_carrier_is_looked_at_before_every_call() -> None:
    assert not CarrierActs(FakeCarrier(), SETTLE).manner.upserts


async def test_making_void_can_be_repeated_and_what_was_never_booked_is_void() -> None:
    carrier = FakeCarrier()
    acts = CarrierActs(carrier, SETTLE)
    void = command(kind="VOID_LABEL", order=None)
    await acts.call(void)
    await acts.call(command())

    for _ in range(2):
        assert (await acts.look(void)).found == ()
        assert (await acts.call(void)).external_id is None

    assert await carrier.find(reference_of(void)) is None
    assert (await acts.look(command())).found == ()


@pytest.mark.parametrize("given", [{"kind": "POST_INVOICE"}, {"order": None}])
async def test_what_a_carrier_knows_nothing_of_is_refused_before_any_call(given: dict[str, object]) -> None:
    carrier = FakeCarrier()

    with pytest.raises(RejectedPayloadError):
        await CarrierActs(carrier, SETTLE).call(command(**given))

    assert carrier.calls == []


async def test_a_carrier_without_an_offer_is_a_refusal() -> None:
    with pytest.raises(RejectedPayloadError, match="offers no service"):
        await CarrierActs(FakeCarrier(()), SETTLE).call(command())


async def test_parts_have_references_of_their_own() -> None:
    assert len({reference_of(command(part=part)) for part in ("a", "b", None)}) == 3


class Forgetful(FakeCarrier):
    """Books, or does not, and loses the answer of the first bookings; rates change meanwhile."""

    def __init__(self, lost: int, *, books: bool) -> None:
        super().__init__()
        self.lost, self.books = lost, books

    async def book(self, reference: str, order_id: str, order: Order, **given: Any) -> Label:  # noqa: ANN401  the port's
        if not self.lost:
            return await super().book(reference, order_id, order, **given)
        self.lost -= 1
        if self.books:
            await super().book(reference, order_id, order, **given)
        self.offers = (Offer(service=f"new{self.lost}", price=self.lost, currency="USD", days=0), *self.offers)
        raise UnknownOutcomeError("the answer was lost", status=None)


class CarrierSink(Sink):
    contract = command_contract("carrier")
    told_on = "carrier.outcome.v1"

    def __init__(self, folder: Path, carrier: FakeCarrier) -> None:
        self.carrier = carrier
        super().__init__(folder)

    def acts(self) -> Acts:
        return CarrierActs(self.carrier, SETTLE)


@pytest.mark.parametrize("books", [True, False], ids=["booked", "not booked"])
@pytest.mark.parametrize("lost", [1, 2])
async def test_there_is_one_label_though_answers_are_lost_and_it_is_void_after_that(
    tmp_path: Path,
    lost: int,
    books: bool,  # noqa: FBT001
) -> None:
    carrier = Forgetful(lost, books=books)
    sink = CarrierSink(tmp_path, carrier)
    await sink.open()
    await sink.fold(command(), command(command_id="c2", kind="VOID_LABEL", order=None))
    await sink.at_rest(passing=5)

    assert list(carrier.booked) == ["web-1-SHP-1"]
    assert carrier.booked["web-1-SHP-1"].is_void
    booked, void = sink.outcomes
    assert (booked.state, booked.external_id, void.state) == ("APPLIED", "FK000001", "APPLIED")
    assert booked.tracks[0].number == "FK000001"
    assert booked.amount == carrier.booked["web-1-SHP-1"].label.price
    await sink.close()
    assert sink.faults == []


async def test_a_refused_address_is_dead_with_the_member_and_nobodys_address(tmp_path: Path) -> None:
    sink = CarrierSink(tmp_path, FakeCarrier())
    await sink.open()
    shipping = msgspec.structs.replace(in_dollars().billing, country="AQ", city="Springfield")
    await sink.fold(command(order=msgspec.structs.replace(in_dollars(), shipping=shipping)))
    await sink.at_rest(passing=5)

    [refused] = sink.outcomes
    assert (refused.state, refused.reason) == ("DEAD", "rejected-by-target")
    assert "Springfield" not in refused.detail
    await sink.close()
