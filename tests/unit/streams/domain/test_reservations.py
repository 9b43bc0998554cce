"""What a shop reserves against what its orders promise: no false alarm, and a compensation that makes it right."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.reservation import PromisedLine, SellingRules
from streams.domain.reservation_candidates import Kind
from streams.domain.reservations import (
    SHOWN,
    Certainty,
    Compensation,
    Finding,
    Held,
    Pair,
    Verdict,
    compensation_of,
    explained,
    is_negative,
    judge,
)

UNIT = 1_000_000
PAIR = Pair(1, "PUMP-200")


@st.composite
def lines(draw: st.DrawFn, entity_id: int) -> PromisedLine:
    """Some of what was ordered has left, was cancelled or was given back; an order that is over keeps nothing."""
    ordered, shipped = draw(st.integers(1, 9)), draw(st.integers(0, 9))
    shipped = min(shipped, ordered)
    cancelled = draw(st.integers(0, ordered - shipped))
    state = draw(st.sampled_from(["new", "processing", "complete", "closed", "canceled"]))
    return PromisedLine(
        order_number=f"{entity_id:09}",
        entity_id=entity_id,
        state=state,
        is_over=state in ("complete", "closed", "canceled"),
        stock_id=1,
        sku=PAIR.sku,
        ordered=ordered * UNIT,
        shipped=shipped * UNIT,
        cancelled=cancelled * UNIT,
    )


orders = st.integers(0, 5).flatmap(lambda count: st.tuples(*(lines(number) for number in range(1, count + 1))))
rules = st.builds(SellingRules, threshold=st.integers(0, 5).map(lambda one: one * UNIT), backorders=st.booleans())


def held(placed: tuple[PromisedLine, ...], there: int, rules: SellingRules, wrong: int = 0) -> Held:
    """As a shop tells it that reserves `wrong` too much (below zero: too little)."""
    expected = -sum(one.open for one in placed)
    salable = there * UNIT + expected - wrong - rules.threshold
    return Held(salable, there * UNIT, expected, rules)


@given(orders, st.integers(60, 90), rules)
def test_a_shop_that_reserves_what_is_promised_gives_no_finding(
    placed: tuple[PromisedLine, ...], there: int, rules: SellingRules
) -> None:
    assert explained(PAIR, held(placed, there, rules), placed, is_all=True, at=1) == []


@given(st.integers(1, 5).flatmap(lambda count: st.tuples(*map(lines, range(1, count + 1)))), st.data(), rules)
def test_an_order_that_is_reserved_wrongly_is_among_those_that_are_named_and_its_quantity_sets_it_right(
    placed: tuple[PromisedLine, ...], data: st.DataObject, rules: SellingRules
) -> None:
    guilty = data.draw(st.sampled_from(placed))
    wrong = guilty.ordered if guilty.open or guilty.is_over else guilty.shipped or guilty.cancelled
    told = held(placed, 95, rules, wrong)

    [found] = explained(PAIR, told, placed, is_all=True, at=1)
    compensation = compensation_of(found)

    assert found.difference == -wrong
    assert guilty.order_number in {one.order_number for one in found.candidates}
    assert compensation is not None
    assert judge(told._replace(salable=told.salable + compensation.quantity)) is Verdict.AGREES
    assert (found.certainty is Certainty.CERTAIN) == (len(found.candidates) == 1)


@given(orders, st.integers(1, 9), rules)
def test_what_no_order_makes_is_told_without_a_compensation(
    placed: tuple[PromisedLine, ...], wrong: int, rules: SellingRules
) -> None:
    [found] = explained(PAIR, held(placed, 95, rules, wrong * UNIT + 1), placed, is_all=True, at=1)

    assert (found.kind, found.certainty, compensation_of(found)) == (Kind.UNEXPLAINED, Certainty.UNKNOWN, None)


def _line(number: int, units: int, **changes: object) -> PromisedLine:
    made = PromisedLine(
        order_number=f"{number:09}",
        entity_id=number,
        state="new",
        is_over=False,
        stock_id=1,
        sku=PAIR.sku,
        ordered=units * UNIT,
    )
    return msgspec.structs.replace(made, **changes)


def _found(told: Held, *placed: PromisedLine) -> Finding:
    [found] = explained(PAIR, told, placed, is_all=True, at=1)
    return found


@pytest.mark.parametrize(
    ("changes", "missing", "how"),
    [
        ({}, 7, "is open, and was never reserved"),
        ({"shipped": 3 * UNIT}, 4, "is open, and what is left of it is not reserved"),
        ({"shipped": 2 * UNIT}, 2, "was shipped, and that was compensated twice"),
        ({"cancelled": 2 * UNIT}, 2, "was cancelled, and that was compensated twice"),
        (
            {"unshipped_refunded": 2 * UNIT},
            2,
            "was refunded before it was shipped, and that was compensated twice",
        ),
        (
            {"state": "complete", "is_over": True, "shipped": 7 * UNIT},
            7,
            "was shipped, and that was compensated twice",
        ),
    ],
)
def test_an_order_of_which_too_little_is_reserved_is_named_with_what_happened_to_it(
    changes: dict[str, object], missing: int, how: str
) -> None:
    """Another order, of another quantity, does not make the difference."""
    placed = (_line(1, 7, **changes), _line(2, 31))

    found = _found(held(placed, 95, SellingRules(), -missing * UNIT), *placed)

    [blamed] = found.candidates
    assert (found.kind, found.certainty, found.difference) == (Kind.NOT_RESERVED, Certainty.CERTAIN, missing * UNIT)
    assert (blamed.order_number, blamed.quantity, blamed.how) == ("000000001", missing * UNIT, how)
    assert compensation_of(found) == Compensation("000000001", PAIR.sku, -missing * UNIT, 1)


def test_an_order_that_is_over_is_never_said_to_lack_a_reservation_of_its_own() -> None:
    placed = (_line(1, 7, state="complete", is_over=True, shipped=3 * UNIT),)

    assert _found(held(placed, 95, SellingRules(), -7 * UNIT), *placed).kind is Kind.UNEXPLAINED


def test_where_more_is_promised_than_is_there_the_newest_open_orders_are_those_that_wait() -> None:
    open_ones = tuple(_line(number, 2, shipped=UNIT) for number in range(1, SHOWN + 3))
    others = (_line(90, 2, stock_id=2), _line(91, 2, state="complete", is_over=True), _line(92, 2, shipped=2 * UNIT))
    placed = (*open_ones, *others)
    expected = -sum(one.open for one in open_ones)

    found = _found(Held(expected + 3 * UNIT, 3 * UNIT, expected, SellingRules()), *placed)

    assert (found.kind, found.certainty, found.difference) == (Kind.NEGATIVE, Certainty.CERTAIN, 0)
    assert [one.entity_id for one in found.candidates] == list(range(SHOWN + 2, 2, -1))
    assert {(one.kind, one.quantity, one.how) for one in found.candidates} == {(Kind.NEGATIVE, UNIT, "is open")}
    assert compensation_of(found) is None


def test_what_is_reserved_wrongly_and_promised_beyond_what_is_there_is_two_findings() -> None:
    placed = (_line(1, 5),)
    told = Held(-7 * UNIT, 3 * UNIT, -5 * UNIT, SellingRules())

    wrong, negative = explained(PAIR, told, placed, is_all=True, at=1)

    assert (wrong.kind, wrong.difference) == (Kind.DEDUCTED_TWICE, -5 * UNIT)
    assert (negative.kind, negative.difference) == (Kind.NEGATIVE, -5 * UNIT)


def test_what_is_promised_beyond_what_is_there_is_exact_although_the_shop_says_0() -> None:
    """What is missing follows from the orders, not from what the shop may sell."""
    found = _found(Held(0, 3 * UNIT, -5 * UNIT, SellingRules()), _line(1, 5))

    assert (found.kind, found.is_bound) == (Kind.NEGATIVE, False)
    assert [one.order_number for one in found.candidates] == ["000000001"]


def test_orders_of_another_stock_are_not_blamed() -> None:
    placed = (_line(1, 3, stock_id=2),)
    told = Held(37 * UNIT, 40 * UNIT, 0, SellingRules())

    assert (_found(told, *placed).kind, _found(told, *placed).candidates) == (Kind.UNEXPLAINED, ())


def test_where_not_every_order_was_read_nothing_is_certain() -> None:
    placed = (_line(1, 3),)

    [found] = explained(PAIR, held(placed, 40, SellingRules(), 3 * UNIT), placed, is_all=False, at=1)

    assert found.certainty is Certainty.LIKELY


def test_what_is_out_of_stock_says_nothing_whatever_is_reserved() -> None:
    assert judge(Held(0, 0, -3 * UNIT, SellingRules())) is Verdict.HIDDEN
    assert judge(Held(0, 5 * UNIT, 0, SellingRules(threshold=5 * UNIT))) is Verdict.HIDDEN


def test_a_shop_that_says_nothing_is_left_though_something_is_tells_the_least_that_it_is_wrong_by() -> None:
    placed = (_line(1, 3),)

    [found] = explained(PAIR, Held(0, 8 * UNIT, -3 * UNIT, SellingRules()), placed, is_all=True, at=1)

    assert (found.is_bound, found.difference) == (True, -5 * UNIT)


def test_a_product_that_is_not_counted_or_sold_beyond_its_stock_is_no_finding() -> None:
    assert judge(Held(7, 0, 0, SellingRules(manages_stock=False))) is Verdict.AGREES
    assert not is_negative(Held(-5 * UNIT, 0, -5 * UNIT, SellingRules(backorders=True)))
    assert is_negative(Held(0, 0, -5 * UNIT, SellingRules()))


def test_a_compensation_is_written_as_the_shops_command_reads_it() -> None:
    placed = (_line(172, 2),)
    [found] = explained(PAIR, held(placed, 40, SellingRules(), 2 * UNIT), placed, is_all=True, at=1)
    compensation = compensation_of(found)

    assert compensation is not None
    assert compensation.argument == "000000172:PUMP-200:+2.000000:1"
    assert compensation.is_pasteable
    assert not msgspec.structs.replace(compensation, order_number="B2B-172").is_pasteable
    assert msgspec.structs.replace(compensation, quantity=-1_500_000).argument == "000000172:PUMP-200:-1.500000:1"
