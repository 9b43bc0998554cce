"""What a channel wrote → the order, exactly; or every mistake by the name of its field, and never a value."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.avro_types import RecordType
from schemas.catalogue import COMMERCE_ORDER, STOCK_CHANGE
from schemas.example_records import example_record
from schemas.models.order import Address, Contact, Customer, Order, OrderLine, Payment, Totals
from streams.domain.order_id import unified_id
from streams.sources import json_form
from streams.sources.json_form import MalformedError, record_of
from streams.sources.json_text import NotJsonError, parsed
from streams.sources.order_body import order_of
from tests.unit.streams.sources.senders import START, Json, body, encode, order

NOW = int(START.timestamp()) * 1_000_000
LINE = {"line_id": "1", "sku": "PUMP-200", "quantity": "2"}
CANARY = "Canary Street 7"


def read(**changes: object) -> Order:
    return order_of(body(**changes), "web", NOW)


def wrong(content: bytes, channel: str = "web") -> dict[str, str]:
    """Field → what is said of it."""
    with pytest.raises(MalformedError) as refused:
        order_of(content, channel, NOW)
    found = {one.field: one.problem for one in refused.value.problems}
    assert CANARY not in f"{found}{refused.value}"
    return found


def line(**changes: object) -> list[Json]:
    return [{**LINE, **changes}]


# ── what is read ─────────────────────────────────────────────────────────────────────────────────


def test_the_least_order_is_read_with_the_defaults_of_the_contract() -> None:
    found = read()

    assert (found.number, found.event_id, found.placed_at) == ("000000123", "evt-1", 1_772_439_330_000_000)
    assert found.lines == (OrderLine(line_id="1", sku="PUMP-200", quantity=2_000_000, price=450_250_000),)
    assert found.totals == Totals(grand_total=900_500_000)
    assert (found.shipping, found.contacts, found.extras, found.lines[0].tax) == (None, (), {}, None)


@pytest.mark.parametrize("name", sorted(COMMERCE_ORDER.examples))
def test_the_examples_of_the_contract_are_read_as_the_contract_reads_them(name: str) -> None:
    text = COMMERCE_ORDER.examples[name]
    expected = msgspec.convert(example_record(COMMERCE_ORDER.schema, text), Order)

    assert order_of(text.encode(), expected.channel, NOW) == expected


@pytest.mark.parametrize(
    ("written", "micros"),
    [
        ('"12.50"', 12_500_000),
        ("12.50", 12_500_000),
        ("0.1", 100_000),
        ('"0.100000000"', 100_000),
        ("1e2", 100_000_000),
        ("12.5E-1", 1_250_000),
        ("-3", -3_000_000),
        ("0.000001", 1),
        ("999999999999.999999", 999_999_999_999_999_999),
        ("1000000000000", 10**18),
        ("null", None),
    ],
)
def test_money_is_exact_as_text_and_as_a_number(written: str, micros: int | None) -> None:
    content = body(lines=line(price="@")).replace(b'"@"', written.encode())

    assert order_of(content, "web", NOW).lines[0].price == micros


@pytest.mark.parametrize(
    "written",
    [
        '""',
        '"12,50"',
        '" 1"',
        '"1_000"',
        '"１２"',
        '"1e2"',
        '"NaN"',
        '"Infinity"',
        '"+1"',
        '".5"',
        "true",
        "[]",
        "{}",
        "0.0000001",
        "1e400",
        "1e-400",
        '"0.0000001"',
        "1" * 65,
        "1" * 5000,
    ],
)
def test_what_is_no_exact_decimal_is_refused(written: str) -> None:
    content = body(lines=line(price="@")).replace(b'"@"', written.encode())

    assert wrong(content) == {"lines[0].price": json_form.NOT_A_DECIMAL}


@pytest.mark.parametrize("written", ["1000000000000.000001", "-1e13", '"99999999999999"'])
def test_a_number_that_no_table_could_hold_is_refused(written: str) -> None:
    content = body(lines=line(price="@")).replace(b'"@"', written.encode())

    assert wrong(content) == {"lines[0].price": json_form.OUT_OF_RANGE}


@pytest.mark.parametrize(
    ("written", "micros"),
    [
        ("2026-03-02T08:15:30Z", 0),
        ("2026-03-02T08:15:30.000001Z", 1),
        ("2026-03-02T08:15:30.5+00:00", 500_000),
        ("2026-03-02T10:15:30+02:00", 0),
        ("2026-03-02T02:45:30-05:30", 0),
    ],
)
def test_a_time_is_read_in_its_zone(written: str, micros: int) -> None:
    assert read(placed_at=written).placed_at == 1_772_439_330_000_000 + micros


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02",
        "2026-03-02T08:15:30",
        "20260302T081530Z",
        "2026-02-30T08:15:30Z",
        "2026-03-02T25:15:30Z",
        "2026-W10-1T08:15:30Z",
        "2026-03-02T08:15:30.1234567Z",
        "2026-03-02T08:15:30+99:00",
        "yesterday",
        "",
        1772439330,
    ],
)
def test_what_is_no_time_with_a_zone_is_refused(written: object) -> None:
    assert wrong(body(requested_at=written)) == {"requested_at": json_form.NOT_A_TIME}


def test_the_first_and_the_last_moment_of_the_calendar_are_times() -> None:
    assert read(placed_at="0001-01-01T00:00:00+23:59", requested_at="9999-12-31T23:59:59-23:59").placed_at < 0


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
maybe_text = st.none() | texts
money = st.none() | st.integers(-(10**18), 10**18)
moments = st.datetimes(datetime(1970, 1, 2), START.replace(tzinfo=None)).map(  # noqa: DTZ001  made aware here
    lambda at: (at.replace(tzinfo=UTC) - json_form.EPOCH) // timedelta(microseconds=1)
)


def struct(model: type[msgspec.Struct], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any value of the model; fields that are not `known` by their types."""
    by_type: Mapping[object, st.SearchStrategy[Any]] = {
        str: texts,
        str | None: maybe_text,
        int | None: money,
        bool: st.booleans(),
        dict[str, str]: st.dictionaries(texts, texts, max_size=2),
        tuple[str, ...]: st.lists(texts, max_size=2).map(tuple),
    }
    fields = {name: known[name] if name in known else by_type[kind] for name, kind in get_type_hints(model).items()}
    return st.builds(model, **fields)


countries = st.sampled_from(["", "DE", "US"])
addresses = struct(Address, country=countries)
lines = st.lists(
    struct(OrderLine, line_id=names, sku=names, quantity=st.integers(1, 10**18)),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one.line_id,
).map(tuple)
orders = struct(
    Order,
    event_id=names,
    source_system=names,
    channel=st.just("web"),
    number=names,
    currency=st.sampled_from(["EUR", "USD"]),
    placed_at=moments,
    updated_at=moments,
    requested_at=st.none() | moments,
    customer=struct(Customer),
    contacts=st.lists(struct(Contact), max_size=2).map(tuple),
    billing=addresses,
    shipping=st.none() | addresses,
    lines=lines,
    totals=struct(Totals),
    payment=struct(Payment),
)
TIMES = {"placed_at", "updated_at", "requested_at"}


def written(value: Any, name: str = "") -> Any:
    """The JSON form, made from the model's own types: whole numbers are times or micros."""
    if isinstance(value, msgspec.Struct):
        return {name: written(getattr(value, name), name) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [written(one) for one in value]
    if value is None or isinstance(value, (bool, str, dict)):
        return value
    if name in TIMES:
        return (json_form.EPOCH + timedelta(microseconds=value)).isoformat()
    return format(Decimal(value).scaleb(-6), "f")


@given(orders)
def test_every_order_comes_back_from_its_json_as_it_was(given_order: Order) -> None:
    assert order_of(msgspec.json.encode(written(given_order)), "web", NOW) == given_order


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


@given(st.binary(max_size=60))
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    assert wrong(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["sku", "number", "x"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*order(), "shipping", "extras", "x"]), json_values))
def test_any_json_in_any_field_is_an_order_or_is_refused(changes: dict[str, object]) -> None:
    content = body(**changes)
    try:
        found = order_of(content, "web", NOW)
    except MalformedError:
        assert wrong(content)
    else:
        assert found.channel == "web"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON (line 1, column 2"),
        (b"\xff", "is not UTF-8 (byte 0)"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        (b'{"number": NaN}', "not finite"),
        (b'{"number": -Infinity}', "not finite"),
        (b'{"number": "1", "number": "2"}', "a name stands twice"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deep"),
        (b"[]", "must be an object"),
        (b"null", "must be an object"),
        (b'"order"', "must be an object"),
        (b"1e999999999", "must be an object"),
    ],
)
def test_a_body_that_is_no_object_of_json_is_refused(content: bytes, said: str) -> None:
    assert said in wrong(content)["the body"]


def _required(record: RecordType, where: str = "") -> list[str]:
    return [where + field.name for field in record.fields if not field.has_default]


@pytest.mark.parametrize("field", _required(COMMERCE_ORDER.schema.record or RecordType("none", ())))
def test_a_field_that_is_missing_is_named(field: str) -> None:
    content = msgspec.json.encode({name: value for name, value in order().items() if name != field})

    assert wrong(content) == {field: json_form.MISSING}


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"colour": CANARY}, "colour", json_form.NO_FIELD),
        ({"lines": line(colour=CANARY)}, "lines[0].colour", json_form.NO_FIELD),
        ({"lines": [{"sku": "A", "quantity": 1}]}, "lines[0].line_id", json_form.MISSING),
        ({"number": None}, "number", "must be text"),
        ({"number": 123}, "number", "must be text"),
        ({"event_id": ["a"]}, "event_id", "must be text"),
        ({"lines": CANARY}, "lines", "must be a list"),
        ({"customer": CANARY}, "customer", "must be an object"),
        ({"shipping": [CANARY]}, "shipping", "must be an object"),
        ({"extras": CANARY}, "extras", "must be an object of texts"),
        ({"extras": {"a": 1}}, "extras.a", "must be text"),
        ({"lines": line(make_to_order="yes")}, "lines[0].make_to_order", "must be true or false"),
        ({"billing": {"street": [CANARY, None]}}, "billing.street[1]", "must be text"),
    ],
)
def test_a_field_of_another_form_is_named_with_what_it_must_be(
    changes: dict[str, object], field: str, problem: str
) -> None:
    assert wrong(body(**changes)) == {field: problem}


def test_half_a_surrogate_pair_is_refused_wherever_it_stands() -> None:
    halves = {"status": b'"\\ud800"', "extras": b'{"\\udfff": "a"}'}
    for field, text in halves.items():
        found = wrong(body(**{field: "@"}).replace(b'"@"', text))
        assert list(found.values()) == [json_form.NOT_UNICODE]
    assert order_of(body(status="@").replace(b"@", b"\\ud83d\\ude00"), "web", NOW).status == "😀"


def test_all_mistakes_are_told_at_once_and_no_more_than_twenty() -> None:
    assert wrong(body(number=1, currency=2, x=3)) == {
        "number": "must be text",
        "currency": "must be text",
        "x": json_form.NO_FIELD,
    }
    assert len(wrong(body(**{f"x{number}": 1 for number in range(500)}))) == json_form.TOLD_AT_MOST
    assert len(wrong(body(lines=[{**LINE, "quantity": -1}] * 500))) == json_form.TOLD_AT_MOST


def test_a_name_of_the_senders_own_is_cut_and_cannot_steer_a_terminal() -> None:
    (field,) = wrong(body(**{"\x1b[2J" + "x" * 500: 1}))

    assert len(field) <= json_form.SHOWN
    assert field.isprintable()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "dealer"}, "channel"),
        ({"event_id": ""}, "event_id"),
        ({"event_id": "e" * 129}, "event_id"),
        ({"number": ""}, "number"),
        ({"number": " 1"}, "number"),
        ({"number": "1\n2"}, "number"),
        ({"source_system": ""}, "source_system"),
        ({"currency": "eur"}, "currency"),
        ({"currency": "EURO"}, "currency"),
        ({"billing": {"country": "Germany"}}, "billing.country"),
        ({"shipping": {"country": "de"}}, "shipping.country"),
        ({"placed_at": "2026-03-02T09:05:01Z"}, "placed_at"),
        ({"updated_at": "2126-03-02T09:00:00Z"}, "updated_at"),
        ({"lines": []}, "lines"),
        ({"lines": line(quantity="0")}, "lines"),
        ({"lines": [{**LINE, "line_id": str(n)} for n in range(2001)]}, "lines"),
        ({"lines": [LINE, LINE]}, "lines[1].line_id"),
        ({"lines": line(line_id="")}, "lines[0].line_id"),
        ({"lines": line(sku=" A")}, "lines[0].sku"),
        ({"lines": line(sku="x" * 65)}, "lines[0].sku"),
        ({"lines": [LINE, {**LINE, "line_id": "2", "quantity": "-1"}]}, "lines[1].quantity"),
    ],
)
def test_what_the_orders_flow_would_refuse_is_refused_here(changes: dict[str, object], field: str) -> None:
    assert list(wrong(body(**changes))) == [field]


def test_what_is_just_allowed_is_taken() -> None:
    found = read(
        event_id="e" * 128,
        updated_at="2026-03-02T09:05:00Z",
        lines=[{**LINE, "line_id": str(n), "quantity": "1" if n else "0"} for n in range(2000)],
        billing={},
    )

    assert len(found.lines) == 2000
    assert re.fullmatch(r"web-000000123", unified_id(found.channel, found.number))


def test_a_body_of_many_small_things_is_no_larger_as_a_record() -> None:
    """So the limit of bodies bounds records, too."""
    content = body(
        lines=[{"line_id": str(n), "sku": "A", "quantity": 1} for n in range(2000)],
        contacts=[{"role": ""}] * 2000,
        billing={"street": [""] * 2000},
    )

    assert len(encode("", order_of(content, "web", NOW))) < len(content)


# ── other contracts ──────────────────────────────────────────────────────────────────────────────


def test_a_contract_with_a_form_that_is_not_known_here_takes_nothing() -> None:
    """Only orders come by this way now; another contract must not be half read."""
    with pytest.raises(MalformedError):
        record_of(STOCK_CHANGE.schema, parsed(STOCK_CHANGE.examples[min(STOCK_CHANGE.examples)].encode()))


def test_the_parser_alone_says_what_is_wrong() -> None:
    with pytest.raises(NotJsonError, match="stands twice"):
        parsed(b'[{"a": {"b": 1, "b": 1}}]')
