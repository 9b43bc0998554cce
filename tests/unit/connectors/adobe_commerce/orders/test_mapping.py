"""Orders and documents, both ways: exact amounts, nothing invented, nothing of cards."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.adobe_commerce.orders import bodies, mapping, wire
from connectors.adobe_commerce.wire import encode
from schemas.micros import MICROS
from schemas.models.document import LineQuantity, Shipment, ShopDocument, ShopLine, ShopOrder
from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from schemas.models.order_event import Track

HEAD = {
    "entity_id": 123,
    "increment_id": "000000123",
    "created_at": "2026-03-02 08:15:30",
    "updated_at": "2026-03-02 08:15:31",
    "order_currency_code": "USD",
}
ADDRESS = {
    "firstname": "Test",
    "lastname": "Buyer",
    "company": "Example Works",
    "street": ["1 Example Street", "Dock 4"],
    "city": "Springfield",
    "region": "Illinois",
    "region_code": "IL",
    "postcode": "62701",
    "country_id": "US",
    "telephone": "+1 202 555 0100",
    "vat_id": "EX1",
}
WHOLE = HEAD | {
    "state": "processing",
    "status": "erp_confirmed",
    "store_id": 1,
    "ext_order_id": "SO-1",
    "coupon_code": "EXAMPLE",
    "base_currency_code": "EUR",
    "customer_id": 17,
    "customer_group_id": 4,
    "customer_email": "buyer@example.com",
    "customer_firstname": "Test",
    "customer_lastname": "Buyer",
    "customer_taxvat": "EX2",
    "customer_note": "Dock 4",
    "subtotal": 900,
    "discount_amount": -90.5,
    "shipping_amount": 25,
    "shipping_tax_amount": 0,
    "tax_amount": 66.825,
    "grand_total": 901.325,
    "billing_address": ADDRESS,
    "items": [
        {
            "item_id": 501,
            "sku": "PUMP-200-EPDM",
            "name": "Pump 200",
            "qty_ordered": 2,
            "price": 450,
            "row_total": 900,
            "discount_amount": 90.5,
            "tax_amount": 66.825,
            "tax_percent": 8.25,
            "product_option": {
                "extension_attributes": {
                    "custom_options": [{"option_id": "7", "option_value": "Line 7"}],
                    "configurable_item_options": [{"option_id": "93", "option_value": 5}, {"option_id": "94"}],
                }
            },
            "extension_attributes": {
                "gift_message": {"sender": "Test Sender", "recipient": "Test Recipient", "message": "Handle with care"}
            },
        },
        {"item_id": "502", "parent_item_id": 501, "sku": "PUMP-200-EPDM", "qty_ordered": "2.0000", "price": 0},
    ],
    "payment": {
        "method": "purchaseorder",
        "po_number": "PO-778",
        "last_trans_id": "TX-1",
        "amount_authorized": 901.325,
        "amount_paid": 100,
        "amount_refunded": 1.5,
        "account_status": None,
        "cc_last4": "4242",
        "cc_owner": "Test Buyer",
        "cc_number_enc": "canary",
        "additional_information": ["canary"],
    },
    "extension_attributes": {
        "company_order_attributes": {"company_id": 4, "company_name": "Example Works", "order_id": 123},
        "shipping_assignments": [{"shipping": {"address": ADDRESS, "method": "flatrate_flatrate"}, "items": []}],
    },
}
OURS = Address(
    first_name="Test",
    last_name="Buyer",
    company="Example Works",
    street=("1 Example Street", "Dock 4"),
    city="Springfield",
    region="Illinois",
    region_code="IL",
    postcode="62701",
    country="US",
    telephone="+1 202 555 0100",
    vat_id="EX1",
)


def mapped(shown: dict[str, Any]) -> Order:
    row = wire.decode_order(json.dumps(shown).encode())
    return mapping.from_order(row, source_system="commerce", channel="web")


def test_a_whole_order_goes_over_field_by_field() -> None:
    order = mapped(WHOLE)

    assert order == Order(
        event_id=order.event_id,
        source_system="commerce",
        channel="web",
        number="000000123",
        entity_id="123",
        store="1",
        status="erp_confirmed",
        currency="USD",
        placed_at=1_772_439_330 * MICROS,
        updated_at=1_772_439_331 * MICROS,
        customer=Customer(
            customer_id="17",
            group="4",
            email="buyer@example.com",
            first_name="Test",
            last_name="Buyer",
            company_id="4",
            company="Example Works",
            tax_id="EX2",
        ),
        billing=OURS,
        shipping=OURS,
        shipping_method="flatrate_flatrate",
        lines=(
            OrderLine(
                line_id="501",
                sku="PUMP-200-EPDM",
                name="Pump 200",
                quantity=2 * MICROS,
                price=450 * MICROS,
                row_total=900 * MICROS,
                discount=90_500_000,
                tax=66_825_000,
                tax_percent=8_250_000,
                options={"7": "Line 7"},
                configuration={"93": "5", "94": ""},
                note="Handle with care",
            ),
            OrderLine(line_id="502", parent_line_id="501", sku="PUMP-200-EPDM", quantity=2 * MICROS, price=0),
        ),
        totals=Totals(
            subtotal=900 * MICROS,
            discount=90_500_000,
            shipping=25 * MICROS,
            shipping_tax=0,
            tax=66_825_000,
            grand_total=901_325_000,
        ),
        payment=Payment(
            method="purchaseorder",
            purchase_order="PO-778",
            transaction_id="TX-1",
            authorised=901_325_000,
            captured=100 * MICROS,
            refunded=1_500_000,
        ),
        instructions="Dock 4",
        extras={"state": "processing", "ext_order_id": "SO-1", "coupon_code": "EXAMPLE"},
    )


@pytest.mark.parametrize("secret", ["4242", "canary", "Test Sender", "Test Recipient"])
def test_card_data_and_people_of_gift_messages_stay_behind(secret: str) -> None:
    assert secret in json.dumps(WHOLE)
    assert secret not in repr(mapped(WHOLE))


def test_what_commerce_leaves_out_stays_empty_and_is_not_zero() -> None:
    order = mapped(HEAD | {"items": [{"item_id": 1, "sku": "A"}]})

    assert order.totals == Totals()
    assert order.payment == Payment()
    assert order.customer == Customer()
    assert (order.billing, order.shipping, order.shipping_method) == (Address(), None, None)
    assert (order.store, order.instructions, order.extras) == (None, None, {})
    assert order.lines == (OrderLine(line_id="1", sku="A", quantity=0),)


@pytest.mark.parametrize(
    "assignments", [[], [{}], [{"shipping": {}}], [{"shipping": {"method": None, "address": None}}]]
)
def test_a_virtual_order_and_an_empty_assignment_have_no_address_to_ship_to(assignments: list[object]) -> None:
    assert mapped(HEAD | {"extension_attributes": {"shipping_assignments": assignments}}).shipping is None


def test_an_address_without_anything_is_an_empty_address() -> None:
    assert mapped(HEAD | {"billing_address": {}}).billing == Address()


def test_the_orders_currency_wins_over_the_shops() -> None:
    assert mapped(WHOLE).currency == "USD"
    assert mapped(WHOLE | {"order_currency_code": None}).currency == "EUR"


@pytest.mark.parametrize(
    "broken",
    [
        {"order_currency_code": ""},
        {"created_at": "0000-00-00 00:00:00"},
        {"updated_at": "yesterday"},
        {"grand_total": 1e40},
        {"grand_total": "1000000000000000000"},
        {"items": [{"item_id": 1, "sku": "A", "qty_ordered": "1e99"}]},
    ],
)
def test_an_order_that_makes_no_sense_is_refused_without_telling_who_ordered(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        mapped(WHOLE | {"base_currency_code": None} | broken)

    assert "buyer@example.com" not in str(refused.value)


def test_a_time_with_a_zone_is_read_by_its_zone() -> None:
    assert mapping.to_moment("2026-03-02T09:15:30+01:00") == mapping.to_moment("2026-03-02 08:15:30")


def test_the_event_id_follows_the_content_also_within_one_second() -> None:
    same = mapped(WHOLE)

    assert same.event_id == mapped(WHOLE).event_id
    assert same.event_id.startswith("web-000000123-")
    assert mapped(WHOLE | {"status": "complete"}).event_id != same.event_id


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_an_amount_of_the_columns_size_is_exact(amount: Decimal) -> None:
    assert Decimal(mapping.to_micros(amount)) == amount * MICROS


@given(st.integers(-(10**13), 10**13))
def test_the_noise_of_a_float_at_the_server_is_rounded_away(ten_thousandths: int) -> None:
    exact = Decimal(ten_thousandths) / 10_000
    as_php_writes_it = Decimal(f"{float(exact):.17g}")

    if abs(exact) < 10**8:  # beyond that a float has no sixth decimal
        assert mapping.to_micros(as_php_writes_it) == exact * MICROS


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e31", "1e-31", "1e18", "-1e18"])
def test_a_number_that_no_column_holds_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="a number that no order has"):
        mapping.to_micros(Decimal(number))


@given(st.integers(1, 10**15), st.integers(1, 10**12))
def test_a_quantity_is_sent_with_the_digits_that_we_hold(micros: int, number: int) -> None:
    [item] = mapping.to_items([LineQuantity(str(number), micros)])

    sent = json.loads(encode(item), parse_float=Decimal, parse_int=Decimal)
    assert sent == {"order_item_id": number, "qty": Decimal(micros) / MICROS}
    assert b"e" not in encode(item).split(b"qty")[1].lower()


def test_two_quantities_of_one_line_are_one_row() -> None:
    lines = [LineQuantity("3", 1_500_000), LineQuantity("5", MICROS), LineQuantity("3", MICROS)]

    assert mapping.to_items(lines) == (bodies.Item(3, Decimal("2.5")), bodies.Item(5, Decimal(1)))


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [LineQuantity("3", 0)],
        [LineQuantity("3", -1)],
        [LineQuantity("x", 1)],
        [LineQuantity("", 1)],
        [LineQuantity("٣", 1)],
        [LineQuantity("-3", 1)],
        [LineQuantity("1" * 19, 1)],
    ],
)
def test_lines_that_would_ship_everything_or_nothing_are_refused(lines: list[LineQuantity]) -> None:
    with pytest.raises(ValueError, match=r"lines|line without|not Commerce's"):
        mapping.to_items(lines)


@given(st.from_regex(r"[A-Za-z0-9._:-]{1,100}", fullmatch=True), st.text())
def test_a_reference_comes_back_as_it_was_given(reference: str, text: str) -> None:
    comment = mapping.marked(text if "(ref " not in text else "", reference)

    rows = [wire.CommentRow(comment="by somebody else"), wire.CommentRow(), wire.CommentRow(comment=comment)]
    assert mapping.reference_in(rows) == reference


@pytest.mark.parametrize("reference", ["", "a b", "a)", "ä", "a\n", "x" * 101])
def test_a_reference_that_would_not_come_back_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="a reference has"):
        mapping.to_comment(reference)


def test_a_reference_alone_is_the_whole_comment_and_hidden() -> None:
    assert mapping.to_comment("d-1") == bodies.Comment("(ref d-1)", 0)


def test_comments_of_others_carry_no_reference() -> None:
    assert mapping.reference_in([wire.CommentRow(comment="please call (ref )"), wire.CommentRow(comment="")]) is None


def test_a_shipment_goes_over_with_what_it_has() -> None:
    whole = {
        "entity_id": 7,
        "items": [{"order_item_id": 501, "qty": 1.5}],
        "tracks": [{"track_number": "T-1", "title": "Freight", "carrier_code": "custom"}, {}],
        "comments": [{"comment": "(ref d-1)"}],
        "extension_attributes": {"source_code": "wh-east"},
    }

    assert mapping.from_shipment(_shipment(whole)) == Shipment(
        internal_id="7",
        reference="d-1",
        source_code="wh-east",
        lines=(LineQuantity("501", 1_500_000),),
        tracks=(Track(carrier_code="custom", title="Freight", number="T-1"), Track(number="")),
    )
    assert mapping.from_shipment(_shipment({"entity_id": "7", "comments": None})) == Shipment(
        internal_id="7", reference=None, source_code=None, lines=()
    )


def test_a_bill_goes_over_with_total_and_reference() -> None:
    whole = {"entity_id": 7, "grand_total": 12.34, "items": [{"order_item_id": 5, "qty": 1}], "comments": []}
    row = wire.decode_bill(json.dumps(whole).encode())

    assert mapping.from_bill(row) == ShopDocument(
        internal_id="7", reference=None, lines=(LineQuantity("5", MICROS),), total=12_340_000
    )


def test_where_an_order_stands_goes_over_with_the_shops_own_counts() -> None:
    whole = {
        "entity_id": 3,
        "increment_id": "1",
        "state": "processing",
        "status": "processing",
        "ext_order_id": "SO-1",
        "items": [
            {
                "item_id": 1,
                "sku": "A",
                "qty_ordered": 5,
                "qty_shipped": 4,
                "qty_invoiced": 3,
                "qty_refunded": 2,
                "qty_canceled": 1,
            },
            {"item_id": 2, "parent_item_id": 1, "sku": "B", "qty_ordered": 5},
        ],
    }

    assert mapping.from_standing(wire.decode_standing(json.dumps(whole).encode())) == ShopOrder(
        number="1",
        entity_id="3",
        state="processing",
        status="processing",
        external_id="SO-1",
        lines=(
            ShopLine(
                line_id="1",
                sku="A",
                ordered=5 * MICROS,
                shipped=4 * MICROS,
                invoiced=3 * MICROS,
                refunded=2 * MICROS,
                cancelled=MICROS,
            ),
            ShopLine(line_id="2", parent_line_id="1", sku="B", ordered=5 * MICROS),
        ),
    )
    bare = mapping.from_standing(wire.decode_standing(b'{"entity_id":3,"increment_id":"1"}'))
    assert bare == ShopOrder(number="1", entity_id="3", state="", status="")


def test_a_track_gets_the_title_and_the_carrier_that_commerce_demands() -> None:
    tracks = [
        Track(number="T-1"),
        Track(number="T-2", carrier_code="ups"),
        Track(number="T-3", carrier_code="ups", title="United"),
    ]

    assert mapping.to_tracks(tracks) == (
        bodies.NewTrack("T-1", "custom", "custom"),
        bodies.NewTrack("T-2", "ups", "ups"),
        bodies.NewTrack("T-3", "United", "ups"),
    )


@given(st.integers(0, 253_402_300_799 * MICROS))
def test_a_time_to_begin_with_is_whole_seconds_and_never_later(micros: int) -> None:
    begun = mapping.to_moment(mapping.to_second(micros))

    assert 0 <= micros - begun < MICROS


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="a time that no order has"):
        mapping.to_second(10**20)


def _shipment(shown: dict[str, Any]) -> wire.ShipmentRow:
    [row] = wire.decode_shipments(json.dumps({"items": [shown], "total_count": 1}).encode()).items
    return row
