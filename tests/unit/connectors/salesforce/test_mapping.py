"""Orders become Salesforce's records and lose nothing on the way."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import RejectedPayloadError
from connectors.salesforce import mapping, wire
from connectors.salesforce.mapping import NewOrder
from schemas.models.order import Address, Customer, Order, OrderLine, Totals
from tests.contract.orders import ORDER, ORDER_ID, order

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
texts = st.text(max_size=20)
names = st.text(min_size=1, max_size=20)
maybe = st.none() | names
micros = st.integers(-(10**18), 10**18)
money = st.none() | micros
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - aware by timezones
addresses = st.builds(
    Address,
    street=st.lists(names, max_size=3).map(tuple),
    city=texts,
    region=maybe,
    region_code=maybe,
    postcode=maybe,
    country=texts,
)
lines = st.builds(OrderLine, line_id=names, sku=names, quantity=micros, price=money, note=maybe)
totals = st.builds(Totals, grand_total=money, tax=money, shipping=money, discount=money)
NEW = NewOrder(account_key="web-company-4", status="Draft", price_book_id="01s000000000000001", with_currency=True)


def scaled(value: Decimal | None) -> int | None:
    return None if value is None else int(value.scaleb(6))


def sent(made: wire.Order) -> wire.Order:
    """What Salesforce reads."""
    return msgspec.json.decode(wire.encode(made), type=wire.Order)


@given(addresses, st.none() | addresses, totals, moments, names)
def test_a_new_order_arrives_whole(
    billing: Address, shipping: Address | None, sums: Totals, placed: datetime, status: str
) -> None:
    placed_at = (placed - EPOCH) // timedelta(microseconds=1)
    made = order(billing=billing, shipping=shipping, totals=sums, placed_at=placed_at)

    over = sent(mapping.to_new_order(made, status=status, new=NEW))

    assert (over.account, over.status, over.price_book_id) == (wire.Parent(NEW.account_key), "Draft", NEW.price_book_id)
    assert (over.currency, over.reference, over.po_number) == ("USD", ORDER.number, "PO-778")
    assert date.fromisoformat(over.effective_date or "") == placed.date()
    assert over.commerce_status == status
    assert (scaled(over.grand_total), scaled(over.tax), scaled(over.shipping), scaled(over.discount)) == (
        sums.grand_total,
        sums.tax,
        sums.shipping,
        sums.discount,
    )
    stated = (
        over.billing_street,
        over.billing_city,
        over.billing_state,
        over.billing_postal_code,
        over.billing_country,
    )
    assert stated == shown(billing)
    stated = (
        over.shipping_street,
        over.shipping_city,
        over.shipping_state,
        over.shipping_postal_code,
        over.shipping_country,
    )
    assert stated == shown(shipping or Address())


def shown(address: Address) -> tuple[str | None, ...]:
    street = "\n".join(address.street) or None
    state = address.region or address.region_code
    return (street, address.city or None, state, address.postcode, address.country or None)


@given(lines)
def test_a_line_arrives_whole(line: OrderLine) -> None:
    made = mapping.to_item("key", line, order_record="801", entries={line.sku: "01u"}, is_new=True)
    over = msgspec.json.decode(wire.encode(made), type=wire.Item)

    assert (scaled(over.quantity), scaled(over.unit_price), over.description) == (line.quantity, line.price, line.note)
    assert (over.commerce_id, over.order_id, over.entry_id) == ("key", "801", "01u")


@given(lines)
def test_a_line_that_is_there_states_nothing_that_cannot_change(line: OrderLine) -> None:
    made = mapping.to_item("key", line, order_record="801", entries={}, is_new=False)

    assert (made.order_id, made.entry_id) == (None, None)
    assert b"OrderId" not in wire.encode(msgspec.structs.replace(made, description=None))


@given(names, st.none() | moments)
def test_a_status_arrives_whole_to_the_millisecond(status: str, moment: datetime | None) -> None:
    until = None if moment is None else (moment - EPOCH) // timedelta(microseconds=1)

    over = msgspec.json.decode(wire.encode(mapping.to_status(status, until)), type=wire.OrderStatus)

    assert over.commerce_status == status
    back = None if over.expected_at is None else datetime.fromisoformat(over.expected_at)
    assert back == (None if moment is None else moment.replace(microsecond=moment.microsecond // 1000 * 1000))


def test_a_date_that_is_cleared_is_null() -> None:
    assert wire.encode(mapping.to_status("SHIPPED", None)) == (
        b'{"Commerce_Status__c":"SHIPPED","Commerce_Expected_At__c":null}'
    )


@pytest.mark.parametrize("at", [(1 << 63) - 1, -(1 << 63)])
def test_a_date_that_no_calendar_has_is_refused(at: int) -> None:
    with pytest.raises(RejectedPayloadError):
        mapping.to_status("SHIPPED", at)
    with pytest.raises(RejectedPayloadError):
        mapping.to_new_order(order(placed_at=at), status="PLACED", new=NEW)


@given(micros)
def test_numbers_keep_their_digits_and_have_no_exponent(value: int) -> None:
    text = str(mapping.decimal_of(value))

    assert int(Decimal(text).scaleb(6)) == value
    assert "E" not in text
    assert "." not in text or not text.endswith("0")


def test_the_parts_of_an_order_grow_with_what_may_still_be_said() -> None:
    activated = mapping.to_activated_order(ORDER, status="SHIPPED")
    draft = mapping.to_draft_order(ORDER, status="SHIPPED")
    new = mapping.to_new_order(ORDER, status="SHIPPED", new=NEW)

    assert stated(activated) < stated(draft) < stated(new)
    assert stated(new) - stated(draft) == {"account", "effective_date", "status", "price_book_id", "currency"}
    assert all(name == "commerce_status" or isinstance(getattr(activated, name), Decimal) for name in stated(activated))


def stated(made: wire.Order) -> set[str]:
    return {name for name in made.__struct_fields__ if getattr(made, name) is not None}


def test_a_currency_is_stated_only_where_the_org_has_several() -> None:
    alone = NewOrder(account_key="a", status="Draft", price_book_id="b", with_currency=False)

    assert mapping.to_new_order(ORDER, status="PLACED", new=alone).currency is None


def of(**customer: str) -> Order:
    return order(customer=Customer(**customer))


@pytest.mark.parametrize(
    ("made", "key"),
    [
        (of(company_id="4", customer_id="17", email="a@example.com"), "web-company-4"),
        (of(customer_id="17", email="a@example.com"), "web-customer-17"),
        (of(), f"{ORDER_ID}-guest"),
    ],
)
def test_an_account_is_the_companys_else_the_customers_else_the_orders_own(made: Order, key: str) -> None:
    assert mapping.account_key(ORDER_ID, made) == key


def test_guests_of_one_address_share_an_account_that_does_not_show_it() -> None:
    key = mapping.account_key(ORDER_ID, of(email="Guest@example.com "))

    assert key == mapping.account_key("web-2", of(email="guest@example.com"))
    assert key != mapping.account_key(ORDER_ID, of(email="other@example.com"))
    assert key.startswith("web-guest-")
    assert "example" not in key


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (order(), "Example Works"),
        (order(customer=Customer(first_name="Test", last_name="Buyer"), billing=Address(company="Other")), "Other"),
        (order(customer=Customer(first_name="Test", last_name="Buyer"), billing=Address()), "Test Buyer"),
        (order(customer=Customer(), billing=Address(last_name="Buyer")), "Buyer"),
        (order(customer=Customer(), billing=Address()), f"{ORDER_ID}-guest"),
    ],
)
def test_an_account_always_has_a_name(made: Order, name: str) -> None:
    assert mapping.to_account(ORDER_ID, made).name == name


def test_a_new_account_is_told_what_is_known() -> None:
    assert msgspec.json.decode(wire.encode(mapping.to_account(ORDER_ID, order(extras={"lifetime_value": "1E+3"})))) == {
        "Name": "Example Works",
        "AccountNumber": "C-1004",
        "Phone": "+1 202 555 0101",
        "BillingStreet": "1 Example Street",
        "BillingCity": "Springfield",
        "BillingState": "Illinois",
        "BillingPostalCode": "62701",
        "BillingCountry": "US",
        "Commerce_Lifetime_Value__c": 1000,
    }


@pytest.mark.parametrize("text", ["", "much", "NaN", "Infinity", "1E+1000000", "1e-1000000"])
def test_a_lifetime_value_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RejectedPayloadError) as told:
        mapping.lifetime_value(order(extras={"lifetime_value": text}))

    assert told.value.fields == ("lifetime_value",)


def test_two_orders_never_share_a_line_key() -> None:
    line = OrderLine(line_id="2-3", sku="A", quantity=1)
    other = OrderLine(line_id="3", sku="A", quantity=1)

    assert mapping.item_key("web-1", line) != mapping.item_key("web-1-2", other)
