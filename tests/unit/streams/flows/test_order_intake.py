"""An order of a channel becomes an event of the one order it is about, once for each record."""

from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import LeaseLostError
from schemas.catalogue import COMMERCE_ORDER
from streams.domain.order_id import unified_id
from tests.contract.order_target import order, smallest
from tests.unit.streams.flows.order_worker import OrderWorker, order_bytes
from tests.unit.streams.flows.partition import Raw

pytestmark = pytest.mark.anyio
ORDERS = COMMERCE_ORDER.topic
WEB = msgspec.structs.replace(order(), channel="web", number="000000123", event_id="e1")


async def test_an_order_becomes_an_event_under_the_unified_id_with_its_cause(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    await worker.place(WEB, first=7)

    [event] = worker.events
    assert (event.order_id, event.kind, event.event_id) == (unified_id("web", "000000123"), "PLACED", "e1")
    assert event.order == WEB
    assert event.cause is not None
    assert (event.cause.topic, event.cause.offset) == (ORDERS, 7)
    assert worker.counts == {f"{ORDERS}/applied": 1}
    worker.close()


async def test_the_smallest_order_of_any_channel_is_taken(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    await worker.place(smallest())

    assert [event.kind for event in worker.events] == ["PLACED"]
    worker.close()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (Raw(ORDERS, 0, b"other", order_bytes(WEB)), "wrong-key"),
        (Raw(ORDERS, 0, b"000000123", None), "null-value"),
        (Raw(ORDERS, 0, None, order_bytes(WEB)), "null-key"),
        (Raw(ORDERS, 0, b"000000123", b"{}"), "not-framed"),
        (Raw(ORDERS, 0, b"000000123", order_bytes(msgspec.structs.replace(WEB, lines=()))), "bad-order"),
        (Raw(ORDERS, 0, b"000000123", order_bytes(msgspec.structs.replace(WEB, channel=""))), "bad-order"),
        (Raw(ORDERS, 0, b"000000123", order_bytes(msgspec.structs.replace(WEB, channel="c" * 40))), "bad-order"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
async def test_a_bad_order_is_set_aside_and_the_next_one_goes_on(tmp_path: Path, record: Raw, reason: str) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    await worker.take_orders([record, Raw(ORDERS, 1, b"000000123", order_bytes(WEB))])

    assert worker.dead == [(0, reason)]
    assert len(worker.events) == 1
    assert worker.counts == {f"{ORDERS}/applied": 1, f"{ORDERS}/dead": 1}
    worker.close()


async def test_no_personal_data_stands_in_a_letters_reason(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    await worker.take_orders([Raw(ORDERS, 0, b"000000123", order_bytes(msgspec.structs.replace(WEB, lines=())))])

    [letter] = worker.broker.log["dead-letter.v1"]
    told = b" ".join(text or b"" for name, text in letter.headers if name.startswith("dl_"))
    assert WEB.customer.email.encode() not in told
    assert letter.value == order_bytes(msgspec.structs.replace(WEB, lines=()))
    worker.close()


@pytest.mark.parametrize("write", [1, 2, 3])
async def test_a_kill_at_any_write_loses_no_order_and_counts_each_once(tmp_path: Path, write: int) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    bad = Raw(ORDERS, 0, b"other", order_bytes(WEB))
    batch = [bad, Raw(ORDERS, 1, b"000000123", order_bytes(WEB))]
    worker.broker.fails_at = write
    with pytest.raises(Exception, match="the broker is away"):
        await worker.take_orders(batch)
    await worker.killed()
    await worker.take_orders(batch)

    assert worker.counts == {f"{ORDERS}/applied": 1, f"{ORDERS}/dead": 1}
    assert {event.event_id for event in worker.events} == {"e1"}
    assert {reason for _, reason in worker.dead} == {"wrong-key"}
    worker.close()


async def test_without_a_lease_nothing_leaves(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    worker.broker.has_lease = False
    with pytest.raises(LeaseLostError):
        await worker.place(WEB)

    assert worker.events == []
    worker.close()
