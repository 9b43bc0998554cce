"""Orders become pick tasks and lose nothing on the way."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import RejectedPayloadError
from connectors.rest_wms import mapping, wire
from schemas.micros import micros_of_text
from schemas.models.document import PickTask
from schemas.models.order import Address, OrderLine
from schemas.models.order_event import EventLine
from tests.contract.orders import ORDER_ID, order

texts = st.text(max_size=20)
names = st.text(min_size=1, max_size=20)
words = st.dictionaries(texts, texts, max_size=3)
maybe = st.none() | texts
quantities = st.integers(1, 10**18 - 1)
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - aware by timezones
addresses = st.builds(
    Address,
    first_name=texts,
    last_name=texts,
    company=maybe,
    street=st.lists(texts, max_size=3).map(tuple),
    city=texts,
    region=maybe,
    region_code=maybe,
    postcode=maybe,
    country=texts,
    telephone=maybe,
)
order_lines = st.lists(
    st.builds(
        OrderLine,
        line_id=names,
        sku=names,
        quantity=quantities,
        unit=maybe,
        note=st.none() | names,
        options=words,
        configuration=words,
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda line: line.line_id,
).map(tuple)


def task(wanted: list[EventLine], **changes: Any) -> wire.Task:  # any field of the order
    return mapping.to_task(ORDER_ID, order(**changes), source_code="wh-east", lines=wanted)


def sent(made: wire.Task) -> wire.Task:
    """What the warehouse reads."""
    return msgspec.json.decode(wire.encode(made), type=wire.Task)


@given(addresses)
def test_an_address_arrives_whole(address: Address) -> None:
    over = msgspec.json.decode(wire.encode(mapping.to_address(address)), type=wire.Address)

    assert mapping.from_address(over) == address


@given(st.builds(PickTask, task_id=texts, order_id=texts, number=texts, status=texts))
def test_a_state_maps_both_ways(state: PickTask) -> None:
    assert mapping.from_state(wire.decode_state(wire.encode(mapping.to_state(state)))) == state


@given(order_lines, st.data())
def test_what_is_picked_comes_from_the_command_and_how_from_the_order(
    lines: tuple[OrderLine, ...], data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(lines), min_size=1, unique_by=lambda line: line.line_id))
    wanted = [EventLine(line_id=line.line_id, sku=data.draw(names), quantity=data.draw(quantities)) for line in chosen]

    over = sent(task(wanted, lines=lines))

    for line, event, arrived in zip(chosen, wanted, over.lines, strict=True):
        assert (arrived.line_id, arrived.sku, micros_of_text(arrived.quantity)) == (
            line.line_id,
            event.sku,
            event.quantity,
        )
        assert (arrived.unit, arrived.note, arrived.options, arrived.configuration) == (
            line.unit,
            line.note,
            line.options,
            line.configuration,
        )


@given(maybe, maybe, st.none() | moments, st.none() | addresses)
def test_head_of_a_task_arrives_whole(
    method: str | None, instructions: str | None, moment: datetime | None, address: Address | None
) -> None:
    micros = None if moment is None else (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    over = sent(
        task(
            [EventLine(line_id="501", sku="PUMP-200", quantity=1)],
            shipping_method=method,
            instructions=instructions,
            requested_at=micros,
            shipping=address,
        )
    )

    assert (over.order_id, over.source_code) == (ORDER_ID, "wh-east")
    assert (over.shipping_method, over.instructions) == (method, instructions)
    assert (None if over.requested_at is None else datetime.fromisoformat(over.requested_at)) == moment
    assert (None if over.ship_to is None else mapping.from_address(over.ship_to)) == address


@given(st.integers(-(10**24), 10**24))
def test_a_quantity_keeps_its_digits_and_has_no_others(micros: int) -> None:
    text = mapping.quantity_text(micros)

    assert Decimal(text) * 1_000_000 == micros
    assert "." not in text or not text.endswith(("0", "."))


@pytest.mark.parametrize(
    ("micros", "text"),
    [(2_000_000, "2"), (190_700_000, "190.7"), (1, "0.000001"), (100_000_000, "100"), (0, "0"), (-2_500_000, "-2.5")],
)
def test_a_quantity_is_written_as_people_write_it(micros: int, text: str) -> None:
    assert mapping.quantity_text(micros) == text


def test_a_time_is_utc_to_the_microsecond() -> None:
    assert mapping.time_text(1_773_964_800_000_001) == "2026-03-20T00:00:00.000001Z"


@pytest.mark.parametrize("micros", [(1 << 63) - 1, -(1 << 63)])
def test_a_date_that_no_calendar_has_is_refused(micros: int) -> None:
    with pytest.raises(RejectedPayloadError, match="date"):
        mapping.time_text(micros)


PARENT = OrderLine(
    line_id="1",
    sku="SET",
    quantity=1_000_000,
    note="as a gift",
    options={"Colour": "red", "Engraving": "A"},
    configuration={"seal": "EPDM"},
)
CHILD = OrderLine(line_id="2", parent_line_id="1", sku="SET", quantity=1_000_000, options={"Engraving": "B"})


def test_a_child_carries_what_was_chosen_at_its_parent_and_its_own_first() -> None:
    (line,) = task([EventLine(line_id="2", sku="SET", quantity=1_000_000)], lines=(PARENT, CHILD)).lines

    assert line.options == {"Colour": "red", "Engraving": "B"}
    assert line.configuration == {"seal": "EPDM"}
    assert line.note == "as a gift"


def test_a_line_known_by_its_sku_is_the_one_without_lines_of_its_own() -> None:
    (line,) = task([EventLine(sku="SET", quantity=1_000_000)], lines=(PARENT, CHILD)).lines

    assert line.line_id == "2"


@pytest.mark.parametrize("wanted", [EventLine(line_id="9", sku="SET", quantity=1), EventLine(sku="OTHER", quantity=1)])
def test_a_line_that_is_not_of_the_order_is_refused_by_name(wanted: EventLine) -> None:
    with pytest.raises(RejectedPayloadError) as told:
        task([wanted], lines=(PARENT, CHILD))

    assert told.value.fields == (wanted.line_id or wanted.sku,)


def test_a_sku_of_two_lines_does_not_tell_which() -> None:
    twin = OrderLine(line_id="3", sku="SET", quantity=1_000_000)

    with pytest.raises(RejectedPayloadError, match="2 lines"):
        task([EventLine(sku="SET", quantity=1)], lines=(PARENT, CHILD, twin))


def test_what_is_absent_is_left_out_and_prices_and_mail_stay_here() -> None:
    body = wire.encode(
        task(
            [EventLine(line_id="502", sku="CABLE-3X15", quantity=190_700_000)],
            shipping=None,
            shipping_method=None,
            instructions=None,
            requested_at=None,
        )
    )

    assert body == (
        b'{"order_id":"web-000000123","source_code":"wh-east",'
        b'"lines":[{"line_id":"502","sku":"CABLE-3X15","quantity":"190.7"}]}'
    )


def test_the_same_choices_in_another_order_are_the_same_bytes() -> None:
    turned = msgspec.structs.replace(PARENT, options=dict(reversed(PARENT.options.items())))
    wanted = [EventLine(line_id="1", sku="SET", quantity=1_000_000)]

    assert wire.encode(task(wanted, lines=(PARENT,))) == wire.encode(task(wanted, lines=(turned,)))
