"""Letters go to the broker together where their size allows it, in the order in which they were found."""

from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError

from streams.domain.reasons import DeadReason
from streams.runtime.dead_letters import ORDINARY_BYTES, DeadLetters, Letter
from streams.topics import DEAD_LETTER, STOCK_CHANGE
from tests.fakes.broker import MemoryBroker
from tests.unit.streams.flows.partition import Raw

pytestmark = pytest.mark.anyio
LARGE = b"x" * ORDINARY_BYTES


def letter(offset: int, value: bytes = b"bad") -> Letter:
    return Letter(Raw(STOCK_CHANGE.name, offset, b"A", value, 1), DeadReason.UNDECODABLE, "why")


def offsets(broker: MemoryBroker) -> list[list[bytes | None]]:
    """Offsets of the originals, write by write."""
    return [[dict(record.headers)["dl_offset"] for record in records] for _, records in broker.batches]


async def test_a_batch_of_letters_is_one_write(tmp_path: Path) -> None:
    broker = MemoryBroker()

    await DeadLetters(broker.writer, "app", tmp_path).send([letter(n) for n in range(100)], generation=1)

    assert offsets(broker) == [[str(n).encode() for n in range(100)]]
    assert len(broker.log[DEAD_LETTER.name]) == 100


async def test_large_ones_go_alone_and_all_stay_in_order(tmp_path: Path) -> None:
    broker = MemoryBroker()
    letters = [letter(0), letter(1), letter(2, LARGE), letter(3, LARGE), letter(4)]

    await DeadLetters(broker.writer, "app", tmp_path).send(letters, generation=1)

    assert offsets(broker) == [[b"0", b"1"], [b"2"], [b"3"], [b"4"]]


async def test_what_the_broker_did_not_take_is_an_error_for_the_whole_batch(tmp_path: Path) -> None:
    broker = MemoryBroker()
    broker.fails_at = 1

    with pytest.raises(KafkaConnectionError):
        await DeadLetters(broker.writer, "app", tmp_path).send([letter(0), letter(1)], generation=1)

    assert not broker.log[DEAD_LETTER.name]
