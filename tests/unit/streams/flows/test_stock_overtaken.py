"""A letter that is sent again after its key has moved on: it changes nothing, and the audit says so."""

from pathlib import Path

import pytest
from aiokafka.errors import KafkaError

from schemas.models.cause import Cause
from streams.runtime.letter_headers import RETRY_OF
from streams.topics import HOLD, REBASE, STOCK_CHANGE
from tests.unit.streams.domain.ledger import T0, UNIT, hold_record
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.test_stock import full, record, working
from tests.unit.streams.flows.test_stock_batch import rebase_record
from tests.unit.streams.flows.wire import hold_bytes, rebase_bytes
from tests.unit.streams.flows.worker import PARTITION, Worker

pytestmark = pytest.mark.anyio


async def _retried(
    one: Worker, value: bytes, *, letter: bytes, topic: str = STOCK_CHANGE.name, offset: int = 50
) -> None:
    await one.take_records([Raw(topic, 50, b"A", value, T0 // 1000, PARTITION, [(RETRY_OF, letter)])])


LETTER = b"wms.stock-change.v1-3-7"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (full(9, 99, at=5), "stale"),
        (record(9, -99, at=5), "contained"),
        (full(1, 10, at=10), "duplicate"),
    ],
)
async def test_newer_state_stays_and_the_letter_is_marked(tmp_path: Path, value: bytes, why: str) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10, at=10), first=0)
        await _retried(one, value, letter=LETTER)

        assert one.snapshots[-1].sources[0].quantity == 10 * UNIT
        [audit] = one.audits
        assert (audit.action, audit.entity_type, audit.entity) == ("supersede-letter", "letter", LETTER.decode())
        assert (audit.before, audit.after, audit.reason, audit.actor) == ("retried", "superseded", why, "worker-1")
        assert audit.cause == Cause(STOCK_CHANGE.name, PARTITION, 50)
        assert one.dead == []


async def test_what_still_counts_is_not_marked(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10, at=10), first=0)
        await _retried(one, record(2, -3, at=20), letter=LETTER)

        assert one.snapshots[-1].sources[0].quantity == 7 * UNIT
        assert one.audits == []


async def test_a_hold_and_a_rebase_are_marked_as_well(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10, at=10), first=0)
        old, new = (hold_bytes(hold_record(revision=revision)) for revision in (1, 2))
        await one.take(new, first=0, topic=HOLD.name)
        await _retried(one, old, letter=b"inventory.hold.v1-3-1", topic=HOLD.name)
        rebase = rebase_bytes(rebase_record(5, 20))
        await one.take(rebase, first=0, topic=REBASE.name)
        await _retried(one, rebase, letter=b"inventory.rebase.v1-3-1", topic=REBASE.name)

        assert [audit.reason for audit in one.audits] == ["stale", "duplicate"]


async def test_after_a_kill_it_is_marked_with_the_same_id(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10, at=10), first=0)
        one.broker.fails_at = one.broker.writes + 2  # the audit is the first, the state the second
        with pytest.raises(KafkaError):
            await _retried(one, full(9, 99, at=5), letter=LETTER)
        await one.killed()
        await _retried(one, full(9, 99, at=5), letter=LETTER)

        assert [audit.audit_id for audit in one.audits] == [one.audits[0].audit_id] * 2


@pytest.mark.parametrize(
    "letter", [b"", b"x" * 300, b"inventory.hold.v1-3-7", b"wms.stock-change.v1-\x1b[2J", b"\xff\xfe"]
)
async def test_a_header_that_is_none_of_ours_marks_nothing(tmp_path: Path, letter: bytes) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10, at=10), first=0)
        await _retried(one, full(9, 99, at=5), letter=letter)

        assert one.audits == []
