"""What a letter says is shown by its own schema, and what cannot be read is said, never raised."""

import pytest

from schemas.catalogue import STOCK_CHANGE
from schemas.codec import frame
from streams.runtime.operating.wire import Wire
from streams.web.decoding import LetterDecoder
from tests.unit.streams.flows.test_stock import full
from tests.unit.streams.flows.wire import MemoryRegistry

pytestmark = pytest.mark.anyio
VALUE = full(1, 5)


def _away() -> MemoryRegistry:
    registry = MemoryRegistry()
    registry.away = 1
    return registry


async def test_quantities_are_decimals_and_times_are_dates_as_on_the_command_line() -> None:
    found = await LetterDecoder(MemoryRegistry()).decode(STOCK_CHANGE.topic, VALUE)

    shown = Wire(MemoryRegistry()).read(VALUE)
    assert isinstance(shown, dict)
    assert [name for name, _ in found.fields] == list(shown)
    assert dict(found.fields)["quantity"] == shown["quantity"] == "5"
    assert dict(found.fields)["effective_at"] == shown["effective_at"]


@pytest.mark.parametrize(
    ("registry", "value", "said"),
    [
        (MemoryRegistry(), b"no frame", "not-framed"),
        (MemoryRegistry(), VALUE[:-3], "undecodable"),
        (MemoryRegistry(), frame(987_654, b""), "schema id 987654 is not in the registry"),
        (_away(), VALUE, "the schema registry does not answer"),
    ],
)
async def test_what_cannot_be_read_is_said(registry: MemoryRegistry, value: bytes, said: str) -> None:
    found = await LetterDecoder(registry).decode("any.topic", value)

    assert found.fields == ()
    assert said in found.error
