"""Nothing is dead without a letter: what cannot be read now stays dirty, what has left the log is named."""

from pathlib import Path
from typing import cast

import aiokafka
import pytest
from aiokafka.errors import KafkaConnectionError

from streams.domain.lane_rows import CHANGES, RowState
from streams.domain.reasons import DeadReason
from streams.runtime.lookback import Lookback
from streams.sinks.lane_writer import SET_ASIDE_AT_ONCE
from tests.unit.streams.sinks.lane import Lane, desired, lane, offset_of, turns

pytestmark = pytest.mark.anyio


class Away:
    """No broker answers."""

    async def start(self) -> None:
        raise KafkaConnectionError("no broker")

    async def stop(self) -> None: ...


def unreadable(one: Lane) -> None:
    one.at.lookback = Lookback(lambda: cast("aiokafka.AIOKafkaConsumer", Away()))


async def test_a_refused_row_whose_record_cannot_be_read_stays_dirty_and_is_left_alone_for_longer(
    tmp_path: Path,
) -> None:
    async with lane(tmp_path) as one:
        unreadable(one)
        one.shop.refused_skus = {"A"}
        one.remember("A", 1)
        await one.fold(desired("A", 1, north=5), desired("B", 1, north=1))
        for _ in range(120):
            one.after(1)
            await turns()
        assert (one.row("A").state, one.letters, one.counts) == (RowState.DIRTY, [], {"applied": 1})
        assert sum(call == [("A", 5)] for call in one.sent) == 5, "at once, and after 5, 15, 35 and 75 s"

        one.at.lookback = one.broker.lookback
        await one.at_rest(passing=5)

        assert (one.row("A").state, one.counts) == (RowState.DEAD, {"applied": 1, "dead": 1})
        assert [letter["reason"] for letter in one.letters] == [DeadReason.REJECTED]


async def test_a_new_version_of_such_a_row_is_tried_at_once(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        unreadable(one)
        one.shop.refused_skus = {"A"}
        await one.fold(desired("A", 1, north=5))
        await one.until(one.at.index.put_off, passing=0.1)
        one.shop.refused_skus = set()

        await one.fold(desired("A", 2, north=4))
        await one.at_rest()

        assert (one.shown("A"), one.counts) == (4, {"applied": 1, "superseded": 1})


async def test_rows_of_a_missing_source_whose_records_cannot_be_read_stay_dirty(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        unreadable(one)
        await one.fold(*(desired(f"S{number}", 1, nowhere=5) for number in range(30)))
        for _ in range(60):
            one.after(1)
            await turns()

        assert {one.row(f"S{number}", "nowhere").state for number in range(30)} == {RowState.DIRTY}
        assert (one.letters, one.counts, one.at.index.pending) == ([], {}, 30)


async def test_every_row_of_a_missing_source_is_dead_with_a_letter_of_its_own(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        skus = ["x" * number for number in range(1, 51)]
        for sku in skus[::2]:
            one.remember(sku, 1)
        await one.fold(*(desired(sku, 1, nowhere=5) for sku in skus))
        await one.until(lambda: one.letters)
        assert len(one.letters) <= SET_ASIDE_AT_ONCE, "other rows do not wait until all originals are read"
        await one.at_rest(passing=1)

        assert one.counts == {"dead": 50}
        assert {letter["offset"] for letter in one.letters} == {str(offset_of(sku, 1)) for sku in skus}
        gone = [letter for letter in one.letters if letter.get("value_gone") == "true"]
        assert len(gone) == 25
        assert {(letter["topic"], letter["timestamp"]) for letter in gone} == {(CHANGES, "-1")}


async def test_a_dead_row_whose_record_is_gone_gets_another_try_with_its_snapshot(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.refused_skus = {"A"}
        await one.fold(desired("A", 1, north=5))
        await one.at_rest()
        one.shop.refused_skus = set()

        await one.fold(desired("A", 1, north=5))
        await one.at_rest()

        assert (one.shown("A"), one.counts) == (5, {"applied": 1})
