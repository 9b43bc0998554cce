"""An order arrives in NetSuite with every digit and every word that it has, and comes back as it is known there."""

import copy
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.core.errors import RejectedPayloadError
from connectors.netsuite import mapping, texts, wire
from schemas.micros import MICROS
from schemas.models.document import SalesOrder
from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from tests.contract.order_target import line, order, smallest

WORDS = mapping.Vocabulary(discount_item="shop-discount", price_level="-1")
LARGEST = 10**24 - 1

micros = st.integers(-LARGEST, LARGEST)
money = st.none() | micros
text = st.text(st.characters(codec="utf-8"), max_size=12)
word = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
labels = st.dictionaries(word, text, max_size=2)
lines = st.builds(
    OrderLine,
    line_id=word,
    sku=word,
    name=text,
    quantity=st.integers(1, LARGEST),
    unit=st.none() | word,
    price=money,
    row_total=money,
    discount=money,
    tax=money,
    tax_percent=money,
    make_to_order=st.booleans(),
    options=labels,
    configuration=labels,
    note=st.none() | text,
)
addresses = st.builds(
    Address,
    first_name=text,
    last_name=text,
    company=st.none() | text,
    street=st.lists(text, max_size=3).map(tuple),
    city=text,
    region=st.none() | text,
    region_code=st.none() | text,
    postcode=st.none() | text,
    country=st.sampled_from(["", "US", "DE"]),
    telephone=st.none() | text,
)
totals = st.builds(
    Totals, subtotal=money, discount=micros, shipping=money, shipping_tax=money, tax=money, grand_total=money
)
orders = st.builds(
    Order,
    event_id=word,
    source_system=word,
    channel=word,
    number=word,
    currency=st.sampled_from(["USD", "EUR"]),
    placed_at=st.integers(0, 4_000_000_000 * MICROS),
    updated_at=st.just(0),
    customer=st.builds(Customer, account_code=word, email=text, cost_centre=st.none() | text),
    billing=addresses,
    shipping=st.none() | addresses,
    shipping_method=st.none() | word,
    lines=st.lists(lines, min_size=1, max_size=3).map(tuple),
    totals=totals,
    payment=st.builds(Payment, terms=st.none() | word, purchase_order=st.none() | word),
    instructions=st.none() | text,
    requested_at=st.none() | st.integers(0, 4_000_000_000 * MICROS),
)


def sent(wanted: Order, words: mapping.Vocabulary = WORDS) -> dict[str, Any]:
    """What stands on the wire, every number as it is written."""
    body: dict[str, Any] = json.loads(
        wire.encode(mapping.to_sales_order(wanted, words)), parse_float=Decimal, parse_int=Decimal
    )
    return body


def back(number: Decimal | None) -> int | None:
    """Micros of a number on the wire, with an arithmetic of its own."""
    if number is None:
        return None
    numerator, denominator = number.as_integer_ratio()
    whole, rest = divmod(numerator * MICROS, denominator)
    assert rest == 0
    return whole


@settings(max_examples=60)
@given(orders)
def test_every_line_comes_back_from_the_wire_as_it_was(wanted: Order) -> None:
    for before, after in zip(wanted.lines, sent(wanted)["item"]["items"], strict=True):
        assert after["item"] == {"externalId": before.sku}
        assert texts.line_id(after["description"]) == before.line_id
        assert [back(after.get(name)) for name in ("quantity", "rate", "amount", "taxAmount", "taxRate1")] == [
            before.quantity,
            before.price,
            before.row_total,
            before.tax,
            before.tax_percent,
        ]
        assert after.get("createWo", False) is before.make_to_order
        assert after.get("units") == before.unit
        assert ("price" in after) is (before.price is not None or before.row_total is not None)


@settings(max_examples=60)
@given(orders)
def test_money_of_the_order_is_what_it_states_and_nothing_is_worked_out(wanted: Order) -> None:
    body, stated = sent(wanted), wanted.totals

    assert [back(body.get(name)) for name in ("subtotal", "shippingCost", "taxTotal", "total")] == [
        stated.subtotal,
        stated.shipping,
        stated.tax,
        stated.grand_total,
    ]
    assert -(back(body.get("discountRate")) or 0) == (stated.discount or 0)
    assert ("discountItem" in body) is bool(stated.discount)


@settings(max_examples=60)
@given(orders)
def test_the_same_order_is_the_same_request(wanted: Order) -> None:
    again = copy.deepcopy(wanted)

    assert wire.encode(mapping.to_sales_order(again, WORDS)) == wire.encode(mapping.to_sales_order(wanted, WORDS))


@settings(max_examples=60)
@given(orders)
def test_where_it_goes_is_told_to_the_last_word(wanted: Order) -> None:
    body, address = sent(wanted), wanted.shipping

    assert ("shippingAddress" in body) is (address is not None)
    if address is not None:
        shown = body["shippingAddress"]
        assert [shown.get("addr1", ""), shown.get("addr2", "")] == [
            address.street[0] if address.street else "",
            ", ".join(address.street[1:]),
        ]
        assert shown.get("city", "") == address.city
        assert shown.get("zip") == address.postcode
        assert shown.get("country", {"id": ""})["id"] == address.country
        assert shown.get("addrPhone") == address.telephone


@given(st.integers(-(10**30), 10**30))
def test_a_number_is_exact_and_written_without_an_exponent(number: int) -> None:
    shown = mapping.to_number(number)

    assert shown is not None
    assert back(shown) == number
    assert "E" not in str(shown)
    assert not ("." in str(shown) and str(shown).endswith("0"))


def test_money_that_is_not_stated_is_not_sent() -> None:
    body = sent(smallest())

    assert body == {
        "entity": {"externalId": "C-1004"},
        "currency": {"externalId": "USD"},
        "otherRefNum": "D-9",
        "tranDate": "2026-03-02",
        "memo": "Order: D-9\nPaid by: account",
        "total": 450,
        "billingAddress": {"country": {"id": "US"}},
        "item": {"items": [{"item": {"externalId": "PUMP-200"}, "quantity": 1, "description": "#1"}]},
    }


def test_a_stated_zero_is_sent() -> None:
    body = sent(order(line("1", "PUMP-200", price=0, row_total=0)))

    assert body["item"]["items"][0]["rate"] == 0
    assert body["taxTotal"] == 0


def test_words_of_the_account_stand_in_for_ours() -> None:
    words = mapping.Vocabulary(
        discount_item="shop-discount",
        price_level="5",
        subsidiary="2",
        location="3",
        currencies={"USD": "1"},
        terms={"NET30": "8"},
        units={"EA": "11"},
        ship_methods={"flatrate_flatrate": "31"},
    )

    body = sent(order(line("1", "PUMP-200", unit="EA"), line("2", "SEAL-7", unit="BOX")), words)

    assert (body["subsidiary"], body["location"], body["currency"]) == ({"id": "2"}, {"id": "3"}, {"id": "1"})
    assert (body["terms"], body["shipMethod"]) == ({"id": "8"}, {"id": "31"})
    assert [one["units"] for one in body["item"]["items"]] == ["11", "BOX"]
    assert [one["price"] for one in body["item"]["items"]] == [{"id": "5"}, {"id": "5"}]
    assert "Ship by" not in body["memo"]


def test_a_shipping_method_without_a_record_is_told_in_the_memo() -> None:
    body = sent(order())

    assert "shipMethod" not in body
    assert "Ship by: flatrate_flatrate" in body["memo"]


def test_a_person_without_a_company_is_the_addressee() -> None:
    address = Address(first_name="Test", last_name="Buyer", region="Illinois", country="US")

    shown = sent(order(shipping=address))["shippingAddress"]

    assert shown == {"addressee": "Test Buyer", "state": "Illinois", "country": {"id": "US"}}


def test_an_empty_billing_address_leaves_the_accounts_own() -> None:
    assert "billingAddress" not in sent(order(billing=Address()))


def test_an_order_without_an_account_needs_a_guest_account() -> None:
    wanted = order(customer=Customer(email="buyer@example.com"))
    words = mapping.Vocabulary(discount_item="d", price_level="-1", guest_account="WEB")

    with pytest.raises(RejectedPayloadError) as refused:
        sent(wanted)

    assert refused.value.fields == ("customer.account_code",)
    assert sent(wanted, words)["entity"] == {"externalId": "WEB"}


def test_discounts_of_lines_without_their_sum_are_refused() -> None:
    wanted = order(line("1", "PUMP-200", discount=MICROS), totals=Totals())

    with pytest.raises(RejectedPayloadError) as refused:
        sent(wanted)

    assert refused.value.fields == ("totals.discount",)


@pytest.mark.parametrize("field", ["placed_at", "requested_at"])
@pytest.mark.parametrize("at", [10**18, -(10**18), 10**30])
def test_a_time_that_no_calendar_has_is_refused(field: str, at: int) -> None:
    with pytest.raises(RejectedPayloadError) as refused:
        sent(order(**{field: at}))

    assert refused.value.fields == (field,)


@given(st.dates(min_value=date(1900, 1, 1)))
def test_a_day_goes_there_and_back(day: date) -> None:
    at = mapping.from_date(day)

    assert mapping.to_date(at, "requested_at") == day
    assert at == int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * MICROS


# ── what NetSuite shows ──────────────────────────────────────────────────────────────────────────


def shown(*rows: dict[str, Any], **given: Any) -> wire.SalesOrderRecord:  # fields of NetSuite's JSON
    items = [{"line": index, **row} for index, row in enumerate(rows, start=1)]
    record = {"id": "7", "tranId": "SO7", "status": {"id": "B"}, "item": {"items": items}, **given}
    return wire.decode_record(json.dumps(record).encode())


def test_an_order_is_read_with_number_status_date_and_work_orders() -> None:
    record = shown(
        {"description": "#501\nPump", "expectedShipDate": "2026-03-06"},
        {"description": "#502\nMotor", "expectedShipDate": "2026-03-27", "woId": "2001"},
        {"description": "#503", "isClosed": True},
        {"description": "somebody's own", "expectedShipDate": "2026-03-01", "woId": "2002"},
    )

    assert mapping.from_sales_order(record, "web-1") == SalesOrder(
        order_id="web-1",
        number="SO7",
        internal_id="7",
        status="Pending Fulfillment",
        expected_at=mapping.from_date(date(2026, 3, 27)),
        work_orders={"502": "2001"},
    )


def test_an_order_has_no_date_while_one_open_line_has_none() -> None:
    record = shown({"expectedShipDate": "2026-03-06"}, {"description": None})

    assert mapping.from_sales_order(record, "web-1").expected_at is None


def test_a_status_that_is_new_is_shown_as_it_is() -> None:
    assert mapping.from_sales_order(shown(status={"id": "Z"}), "web-1").status == "Z"


def test_an_order_whose_lines_were_not_asked_for_is_read_too() -> None:
    record = wire.decode_record(b'{"id": "7", "tranId": "SO7", "item": {"links": []}}')

    assert mapping.from_sales_order(record, "web-1").number == "SO7"


@pytest.mark.parametrize("status", ["A", "B"])
def test_closing_names_every_line_that_is_open_and_no_other(status: str) -> None:
    record = shown({}, {"isClosed": True}, {}, status={"id": status})

    closing = mapping.to_closing(record)

    assert closing is not None
    assert json.loads(wire.encode(closing)) == {
        "item": {"items": [{"line": 1, "isClosed": True}, {"line": 3, "isClosed": True}]}
    }


@pytest.mark.parametrize("status", ["C", "H"])
def test_an_order_that_is_gone_needs_no_closing(status: str) -> None:
    assert mapping.to_closing(shown({}, status={"id": status})) is None


def test_an_order_without_open_lines_needs_no_closing() -> None:
    assert mapping.to_closing(shown({"isClosed": True}, status={"id": "F"})) is None


@pytest.mark.parametrize("status", ["D", "E", "F", "G", "Z"])
def test_an_order_that_was_touched_is_not_closed(status: str) -> None:
    with pytest.raises(RejectedPayloadError) as refused:
        mapping.to_closing(shown({}, status={"id": status}))

    assert refused.value.fields == ("status",)
