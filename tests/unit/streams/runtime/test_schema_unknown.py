"""Records with a schema that the registry does not know are counted by topic."""

import pytest

from schemas.catalogue import STOCK_CHANGE
from schemas.codec import frame
from streams.runtime.metrics import SCHEMA_UNKNOWN
from streams.runtime.serde import Serde
from tests.fakes.still_clock import StillClock
from tests.unit.streams.flows.wire import MemoryRegistry

pytestmark = pytest.mark.anyio


async def test_each_record_with_an_unknown_schema_is_counted_and_no_other() -> None:
    before = SCHEMA_UNKNOWN.labels(STOCK_CHANGE.topic)._value.get()
    serde = Serde(MemoryRegistry(), StillClock())

    found = await serde.decode(STOCK_CHANGE, [frame(4711, b"x"), frame(4711, b"y"), b"not framed"])

    assert found[:2] == [None, None]
    assert SCHEMA_UNKNOWN.labels(STOCK_CHANGE.topic)._value.get() == before + 2
