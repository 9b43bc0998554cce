"""Every stated thing arrives, as it was stated; nothing is computed."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import RejectedPayloadError
from connectors.sap_s4hana import conditions, facts, mapping, wire
from connectors.sap_s4hana.settings import Conditions
from schemas.micros import MICROS, micros_of_text
from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from tests.unit.connectors.sap_s4hana.support import ADDRESSES, CONDITIONS, LINES, ORDERS, line, order, settings

PRICED = settings(
    conditions=CONDITIONS, payment_terms={"NET30": "NT30"}, shipping_conditions={"pickup": "02"}, bill_to_address=True
)
UNPRICED = settings(payment_terms={"NET30": "NT30"})
DAY = 86_400 * MICROS


def facts_of(texts: wire.Results[wire.TextBody] | None, text_id: str) -> list[tuple[str, str]]:
    """The text read back, fact by fact."""
    found = [one.long_text for one in (texts.results if texts else ()) if one.long_text_id == text_id]
    return [_fact(line_) for line_ in found[0].split("\n")] if found else []


def _fact(text: str) -> tuple[str, str]:
    split = re.fullmatch(r"((?:[^\\:]|\\.)*): (.*)", text, re.DOTALL)
    assert split is not None
    return _unescaped(split[1]), _unescaped(split[2])


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), text, flags=re.DOTALL)


def plain_text(texts: wire.Results[wire.TextBody] | None, text_id: str) -> str | None:
    return next((one.long_text for one in (texts.results if texts else ()) if one.long_text_id == text_id), None)


def money_of(prices: wire.Results[wire.PriceBody] | None, condition_type: str) -> int | None:
    rates = [
        one.condition_rate_value for one in (prices.results if prices else ()) if one.condition_type == condition_type
    ]
    assert len(rates) < 2
    return micros_of_text(rates[0]) if rates else None


def from_item(item: wire.ItemBody, numbers: dict[str, str]) -> OrderLine:
    """The line as the item alone tells it, with the condition types of `PRICED`."""
    told = facts_of(item.texts, "TX02")
    by_name = dict(told)
    discount = money_of(item.prices, "DRV1")
    return OrderLine(
        line_id=by_name["line"],
        parent_line_id=numbers.get(item.higher_level_item or ""),
        sku=item.material,
        name=item.sales_order_item_text or "",
        quantity=micros_of_text(item.requested_quantity),
        unit=item.requested_quantity_unit,
        price=money_of(item.prices, "PMP0"),
        row_total=_micros(by_name.get("row total")),
        discount=None if discount is None else -discount,
        tax=money_of(item.prices, "TTX1"),
        tax_percent=_micros(by_name.get("tax percent")),
        make_to_order="make to order" in by_name,
        options=_named(told, "option."),
        configuration=_named(told, "configuration."),
        note=plain_text(item.texts, "TX01"),
    )


def _micros(text: str | None) -> int | None:
    return None if text is None else micros_of_text(text)


def _named(told: list[tuple[str, str]], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in told if name.startswith(prefix)}


@given(ORDERS)
def test_every_line_can_be_told_again_from_its_item(placed: Order) -> None:
    body = mapping.to_order_body("web-1", placed, PRICED)

    again = [from_item(item, {}) for item in body.items.results]

    assert [item.sales_order_item for item in body.items.results] == [
        str(10 * number) for number in range(1, len(placed.lines) + 1)
    ]
    assert again == [_as_mapped(one) for one in placed.lines]


def _as_mapped(one: OrderLine) -> OrderLine:
    """A name has 40 characters at SAP, and a discount of nothing is none."""
    return OrderLine(
        **{name: getattr(one, name) for name in one.__struct_fields__}
        | {"name": one.name[:40], "discount": one.discount or None, "unit": one.unit or None}
    )


@given(ORDERS)
def test_the_head_can_be_told_again_from_what_is_sent(placed: Order) -> None:
    body = mapping.to_order_body("web-1", placed, PRICED)

    told = facts_of(body.texts, "TX02")
    by_name = dict(told)

    assert body.sold_to_party == placed.customer.account_code
    assert (body.purchase_order_by_ship_to_party or by_name.get("purchase order")) == (
        placed.payment.purchase_order or None
    )
    assert (body.assignment_reference or by_name.get("cost centre")) == (placed.customer.cost_centre or None)
    assert {"NT30": "NET30"}.get(body.customer_payment_terms or "", body.customer_payment_terms) == placed.payment.terms
    assert {"02": "pickup"}.get(body.shipping_condition or "", by_name.get("shipping method")) == placed.shipping_method
    assert plain_text(body.texts, "TX01") == placed.instructions
    assert _named(told, "extra.") == placed.extras
    assert by_name["order"] == "web-1"
    assert wire.from_date(body.customer_purchase_order_date or "") == placed.placed_at // DAY * DAY
    if placed.requested_at is not None:
        assert wire.from_date(body.requested_delivery_date or "") == placed.requested_at // DAY * DAY


@given(ORDERS)
def test_stated_money_goes_over_to_the_last_digit_in_a_condition_or_in_a_text_and_never_in_both(placed: Order) -> None:
    conditioned = mapping.to_order_body("web-1", placed, PRICED)
    worded = mapping.to_order_body("web-1", placed, UNPRICED)

    totals, in_text = placed.totals, dict(facts_of(worded.texts, "TX02"))
    assert money_of(conditioned.prices, "HD00") == totals.shipping == _micros(in_text.get("shipping"))
    assert money_of(conditioned.prices, "HDT1") == totals.shipping_tax == _micros(in_text.get("shipping tax"))
    assert not {"shipping", "shipping tax"} & dict(facts_of(conditioned.texts, "TX02")).keys()
    assert worded.prices is None
    for one, item in zip(placed.lines, worded.items.results, strict=True):
        told = dict(facts_of(item.texts, "TX02"))
        assert item.prices is None
        assert [_micros(told.get(name)) for name in ("price", "discount", "tax")] == [one.price, one.discount, one.tax]
    for name in ("subtotal", "discount", "tax", "grand total"):
        assert _micros(in_text.get(name)) == getattr(totals, name.replace(" ", "_"))


@given(ADDRESSES)
def test_an_address_goes_over_whole(address: Address) -> None:
    body = mapping.to_order_body("web-1", order(shipping=address, billing=address), PRICED)

    partners = body.partners.results if body.partners else ()
    if not (address.city and any(address.street)):
        assert not partners
        return
    assert [partner.partner_function for partner in partners] == ["SH", "BP"]
    assert {partner.customer for partner in partners} == {"C-1004"}
    for partner in partners:
        assert partner.address is not None
        (sent,) = partner.address.results
        names = "".join(filter(None, (sent.organization_name1, sent.organization_name2)))
        person = " ".join(filter(None, (address.first_name, address.last_name)))
        assert names == (address.company or "") + person
        streets = (sent.street_name, sent.street_suffix_name1, sent.street_suffix_name2, sent.street_prefix_name1)
        assert [one or "" for one in streets][: len(address.street)] == list(address.street)
        assert (sent.city_name, sent.postal_code or "") == (address.city, address.postcode or "")
        assert sent.region in {None, address.region_code}


@given(LINES, st.sampled_from([CONDITIONS, {}]))
def test_conditions_carry_the_currency_and_only_a_price_has_a_unit(one: OrderLine, types: dict[str, str]) -> None:
    made = list(conditions.of_line(one, one.unit, "EUR", Conditions.model_validate(types)))

    assert {price.condition_currency for price in made} <= {"EUR"}
    for price in made:
        with_unit = price.condition_type == "PMP0" and one.unit is not None
        assert price.condition_quantity_unit == (one.unit if with_unit else None)
        assert price.condition_quantity == ("1" if with_unit else None)


@given(st.integers(-(10**24), 10**24))
def test_an_amount_as_text_is_the_same_amount(micros: int) -> None:
    text = facts.decimal_text(micros)

    assert Decimal(text) * MICROS == micros
    assert re.fullmatch(r"-?\d+(\.\d{0,5}[1-9])?", text)


def test_a_child_stands_below_its_parent() -> None:
    lines = (line("p", "KIT-1"), line("c", "PUMP-200", parent_line_id="p"), line("o", "SEAL-7", parent_line_id="gone"))

    items = mapping.to_order_body("web-1", order(*lines), UNPRICED).items.results

    assert [item.higher_level_item for item in items] == [None, "10", None]


def test_a_line_made_to_order_has_the_category_of_the_settings() -> None:
    lines = (line("1", make_to_order=True), line("2"))

    items = mapping.to_order_body("web-1", order(*lines), settings(make_to_order_category="TAK", plant="1710")).items

    assert [item.sales_order_item_category for item in items.results] == ["TAK", None]
    assert {item.production_plant for item in items.results} == {"1710"}


def test_an_order_without_account_takes_the_default_one() -> None:
    nobody = order(customer=Customer(email="buyer@example.com"))

    assert mapping.to_order_body("web-1", nobody, settings(default_account="WEB")).sold_to_party == "WEB"


def test_addresses_are_left_to_master_data_where_the_settings_say_so() -> None:
    address = Address(street=("1 Example Street",), city="Springfield", country="US")

    assert mapping.to_order_body("web-1", order(shipping=address), settings(ship_to_address=False)).partners is None


def test_a_long_company_name_alone_takes_both_name_fields() -> None:
    address = Address(company="x" * 45, street=("1 Example Street",), city="Springfield", country="US")

    body = mapping.to_order_body("web-1", order(shipping=address), UNPRICED)

    assert body.partners is not None
    assert body.partners.results[0].address is not None
    (sent,) = body.partners.results[0].address.results
    assert (sent.organization_name1, sent.organization_name2) == ("x" * 40, "x" * 5)


@pytest.mark.parametrize(
    ("placed", "field"),
    [
        (order(customer=Customer()), "customer.account_code"),
        (order(customer=Customer(account_code="C" * 11)), "customer.account_code"),
        (order(line(quantity=1)), "lines.quantity"),
        (order(line(quantity=0)), "lines.quantity"),
        (order(line(quantity=10**18)), "lines.quantity"),
        (order(line(sku="x" * 41)), "lines.sku"),
        (order(line(unit="pieces")), "lines.unit"),
        (order(payment=Payment(terms="NET30")), "payment.terms"),
        (order(shipping=Address(street=("x" * 61,), city="Springfield")), "shipping.street"),
        (order(shipping=Address(street=("x",) * 5, city="Springfield")), "shipping.street"),
        (order(shipping=Address(street=("x",), city="Springfield", postcode="x" * 11)), "shipping.postcode"),
        (order(shipping=Address(street=("x",), city="Springfield", company="x" * 81)), "shipping.last_name"),
    ],
)
def test_what_no_field_can_hold_is_refused_by_name_and_its_value_is_not_told(placed: Order, field: str) -> None:
    with pytest.raises(RejectedPayloadError) as refused:
        mapping.to_order_body("web-1", placed, settings())

    assert refused.value.fields == (field,)
    assert "xxx" not in str(refused.value)


def test_an_order_without_lines_is_refused() -> None:
    empty = Order(**{name: getattr(order(), name) for name in Order.__struct_fields__} | {"lines": ()})

    with pytest.raises(RejectedPayloadError):
        mapping.to_order_body("web-1", empty, UNPRICED)


# ── what SAP shows ───────────────────────────────────────────────────────────────────────────────


def row(**statuses: str | None) -> wire.OrderRow:
    return wire.OrderRow(sales_order="1", **statuses)  # type: ignore[arg-type]  # statuses by name


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        (row(), "open"),
        (row(process_status="A"), "open"),
        (row(process_status="B"), "in-process"),
        (row(process_status="C"), "completed"),
        (row(process_status="Z"), "Z"),
        (row(process_status="A", total_credit_check_status="B"), "credit-held"),
        (row(process_status="A", total_credit_check_status="D"), "open"),
        (row(process_status="A", total_block_status="C"), "blocked"),
        (row(process_status="C", rejection_status="C", total_credit_check_status="B"), "rejected"),
        (row(process_status="C", rejection_status="B"), "completed"),
    ],
)
def test_a_status_is_one_word(shown: wire.OrderRow, word: str) -> None:
    assert mapping.status_of(shown) == word


def schedule(day: int | None, wanted: str, confirmed: str) -> wire.ScheduleLineRow:
    date = None if day is None else f"/Date({day * 86_400_000})/"
    return wire.ScheduleLineRow(
        confirmed_delivery_date=date, schedule_line_order_quantity=wanted, confirmed_quantity=confirmed
    )


def item(number: str, *schedules: wire.ScheduleLineRow, rejected: str = "") -> wire.ItemRow:
    return wire.ItemRow(sales_order_item=number, rejection_reason=rejected, schedule_lines=wire.Results(schedules))


@pytest.mark.parametrize(
    ("items", "day"),
    [
        ((), None),
        ((item("10"),), None),
        ((item("10", schedule(5, "2", "2")),), 5),
        ((item("10", schedule(None, "2", "0"), schedule(7, "0", "2")),), 7),
        ((item("10", schedule(5, "2", "2")), item("20", schedule(9, "1", "1"))), 9),
        ((item("10", schedule(5, "2", "2")), item("20", schedule(None, "1", "0"))), None),
        ((item("10", schedule(5, "2.000", "1.000")),), None),
        ((item("10", schedule(5, "2", "2")), item("20", schedule(None, "1", "0"), rejected="50")), 5),
        ((item("10", schedule(5, "2", "2")), item("20")), 5),
    ],
)
def test_the_promise_is_the_day_of_the_last_line_and_none_before_all_are_confirmed(
    items: tuple[wire.ItemRow, ...], day: int | None
) -> None:
    assert mapping.expected_at(items) == (None if day is None else day * DAY)


def test_work_orders_are_told_by_our_lines_and_only_where_the_category_is_known() -> None:
    flow = (
        wire.FlowRow(subsequent_document="80000001", subsequent_document_category="J"),
        wire.FlowRow(subsequent_document="1000001", subsequent_document_category="WO"),
    )
    items = [wire.ItemRow(sales_order_item=number, flow=wire.Results(flow)) for number in ("000010", "11", "20")]
    placed = order(line("501"), line("502"))

    told = mapping.to_sales_order("web-1", placed, row(), items, settings(work_order_category="WO"))

    assert told.work_orders == {"501": "1000001", "502": "1000001"}
    assert (told.order_id, told.number, told.internal_id) == ("web-1", "1", "1")
    assert mapping.to_sales_order("web-1", placed, row(), items, settings()).work_orders == {}


def test_totals_that_nobody_stated_are_nowhere() -> None:
    body = mapping.to_order_body("web-1", order(totals=Totals()), PRICED)

    assert body.prices is None
    assert not {"subtotal", "grand total", "tax"} & dict(facts_of(body.texts, "TX02")).keys()
