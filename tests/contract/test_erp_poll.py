"""The poller `erp-orders` on every ERP that can be asked: what happened there is on the topic, whoever asks again."""

import pytest

from schemas.catalogue import ERP_ORDER_EVENT
from schemas.projection import encoder
from streams.runtime.gate import Gate
from streams.runtime.operating.posting import Outgoing
from streams.sources.erp_orders import NAME, ErpOrderPoller
from streams.sources.poller import Rounds
from streams.sources.target_calls import TargetCalls
from tests.contract.order_event_source import OrderEventSourceCase
from tests.contract.test_order_event_sources import ALL
from tests.fakes.append_log import AppendLog, KeptCursors
from tests.fakes.still_clock import StillClock

ORDER_ID = "web-000000123"


def encode(_topic: str, event: object) -> bytes:
    """As the contract has it: what does not fit it would fail here."""
    return encoder(ERP_ORDER_EVENT)(event)  # type: ignore[arg-type]  # it is the model of this contract


@pytest.mark.anyio
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_happened_at_the_erp_is_appended_and_another_process_loses_nothing(
    case: OrderEventSourceCase,
) -> None:
    clock, log, cursors = StillClock(runs_freely=True), AppendLog(), KeptCursors()

    def process(source: object) -> Rounds:
        calls = TargetCalls(Gate("erp", clock), clock)
        poller = ErpOrderPoller(source, calls, encode, clock)  # type: ignore[arg-type]  # each is one
        return Rounds(poller, log, cursors, clock, cursor=cursors.kept.get(NAME))

    def said(messages: list[Outgoing]) -> set[bytes | None]:
        return {dict(one.headers)["ce_id"] for one in messages}

    async with case.opened() as ledger:
        first = process(ledger.source)
        await first.round()
        number = await ledger.make(ORDER_ID)
        await ledger.happens(ORDER_ID, "confirm")
        await first.round()
        before = list(log.appended)

        await ledger.happens(ORDER_ID, "hold")
        await process(ledger.again()).round()

    assert number.encode() in {one.key for one in before}
    assert {one.topic for one in log.appended} == {"erp.order-event.v1"}
    assert said(before) < said(log.appended), "the hold is new, whatever came again"
    assert len(said(log.appended)) == len({one.value for one in log.appended}), "what came again says the same"
