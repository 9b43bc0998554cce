"""No document is made that the shop has already, or has no room for; whatever people did there by hand."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.command import Command
from schemas.models.document import LineQuantity, Shipment, ShopDocument, ShopLine, ShopOrder
from schemas.models.order_event import EventLine, Track
from streams.domain import shop_documents as documents
from streams.domain.shop_documents import Adopt, Call, Refuse, reference_of

UNIT = 1_000_000


def shop_line(line_id: str = "1", ordered: int = 5, **counts: Any) -> ShopLine:  # noqa: ANN401  any count of the line
    parent = counts.pop("parent", None)
    moved = {name: quantity * UNIT for name, quantity in counts.items()}
    return ShopLine(line_id=line_id, parent_line_id=parent, sku=f"SKU-{line_id}", ordered=ordered * UNIT, **moved)


def shop(*lines: ShopLine, state: str = "processing", external_id: str | None = None) -> ShopOrder:
    rows = lines or (shop_line(),)
    return ShopOrder(number="7", entity_id="70", state=state, status=state, external_id=external_id, lines=rows)


def command(kind: str = "CREATE_SHIPMENT", *lines: tuple[str, int], **fields: Any) -> Command:  # noqa: ANN401  as above
    made = Command(
        command_id="c" * 32,
        role="commerce",
        kind="CREATE_SHIPMENT",
        entity="web-7",
        part="P1",
        epoch=1,
        counter=1,
        at=1,
        source_code="east",
        order_number="7",
        lines=tuple(EventLine(line_id=name, sku=f"SKU-{name}", quantity=count * UNIT) for name, count in lines),
    )
    return msgspec.structs.replace(made, kind=kind, **fields)


def posted(*lines: tuple[str, int], number: str = "900", **fields: Any) -> Shipment:  # noqa: ANN401  as above
    given_lines = tuple(LineQuantity(name, count * UNIT) for name, count in lines)
    made = Shipment(internal_id=number, reference=None, source_code="east", lines=given_lines)
    return msgspec.structs.replace(made, **fields)


def billed(*lines: tuple[str, int], number: str = "900", total: int = 0, reference: str | None = None) -> ShopDocument:
    given_lines = tuple(LineQuantity(name, count * UNIT) for name, count in lines)
    return ShopDocument(internal_id=number, reference=reference, lines=given_lines, total=total * UNIT)


def shipment(wanted: Command, order: ShopOrder, *there: Shipment, taken: Sequence[str] = ()) -> documents.Decision:
    return documents.shipment(wanted, order, there, frozenset(taken))


# ── references ───────────────────────────────────────────────────────────────────────────────────


def test_a_document_keeps_its_reference_however_often_it_is_asked_for() -> None:
    first = command(part="P1")

    assert reference_of(first) == reference_of(msgspec.structs.replace(first, command_id="d" * 32))
    assert len({reference_of(command(part=part)) for part in ("P1", "P2", "")}) == 3
    assert (
        len({reference_of(command(kind)) for kind in ("CREATE_SHIPMENT", "CREATE_INVOICE", "SET_RETURN_NUMBER")}) == 3
    )
    assert reference_of(command("SET_RETURN_NUMBER", document="R1")) != reference_of(command("SET_RETURN_NUMBER"))


def test_the_same_words_said_again_on_purpose_are_another_comment() -> None:
    first = command("ADD_COMMENT")

    assert reference_of(first) != reference_of(msgspec.structs.replace(first, command_id="d" * 32))


# ── what has no lines ────────────────────────────────────────────────────────────────────────────


def test_the_erps_number_is_written_unless_the_shop_shows_it() -> None:
    asked = command("SET_ERP_NUMBER", document="SO1")

    assert documents.number(asked, shop()) == Call()
    assert documents.number(asked, shop(external_id="SO0")) == Call()
    assert documents.number(asked, shop(external_id="SO1")) == Adopt(("SO1",))
    assert isinstance(documents.number(command("SET_ERP_NUMBER"), shop()), Refuse)


def test_a_comment_is_known_by_its_reference_and_one_that_is_there_twice_harms_nobody() -> None:
    asked = command("ADD_COMMENT")
    ours = f"The order is confirmed. (ref {reference_of(asked)})"

    assert documents.comment(asked, ["something else (ref 12)"]) == Call()
    assert documents.comment(asked, [ours]) == Adopt((reference_of(asked),))
    assert documents.comment(asked, [ours, ours]) == Adopt((reference_of(asked),))


def test_only_what_is_still_open_is_cancelled() -> None:
    assert documents.cancellation(shop()) == Call()
    assert documents.cancellation(shop(state="canceled")) == Adopt(("canceled",))
    nothing_left = shop(shop_line(shipped=3, cancelled=2), state="complete")
    assert documents.cancellation(nothing_left) == Adopt(("complete",), documents.NOTHING_LEFT)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (shop(shop_line(cancelled=5), state="canceled"), Adopt(("canceled",))),
        (shop(shop_line(shipped=2, cancelled=3)), Adopt(("processing",))),
        (
            shop(shop_line(shipped=2)),
            Adopt(("processing",), "the shop's order stays open in state processing, with 3 of line 1 (SKU-1)"),
        ),
        (
            shop(shop_line(cancelled=1)),
            Adopt(("processing",), "the shop's order stays open in state processing, with 4 of line 1 (SKU-1)"),
        ),
        (
            shop(),
            Refuse(
                "the shop's order stays open in state processing, with 5 of line 1 (SKU-1)",
                "stays-open-in-processing",
            ),
        ),
    ],
    ids=["whole", "the rest", "stays open", "some of it", "nothing happened"],
)
def test_what_a_cancellation_came_to_is_read_back(after: ShopOrder, expected: object) -> None:
    assert documents.cancelled(shop(), after) == expected


# ── shipments ────────────────────────────────────────────────────────────────────────────────────


def test_a_shipment_goes_with_the_lines_that_are_asked_for() -> None:
    asked = command("CREATE_SHIPMENT", ("1", 2), ("2", 1), ("1", 1))

    decided = shipment(asked, shop(shop_line(), shop_line("2")))

    assert decided == Call((LineQuantity("1", 3 * UNIT), LineQuantity("2", UNIT)))


def test_more_than_is_left_is_refused_with_both_values() -> None:
    asked = command("CREATE_SHIPMENT", ("1", 5))

    assert shipment(asked, shop(shop_line(shipped=3))) == Refuse("the shop has 2 left of line 1 (SKU-1), asked 5")
    assert shipment(asked, shop(shop_line(cancelled=1))) == Refuse("the shop has 4 left of line 1 (SKU-1), asked 5")
    assert shipment(asked, shop(shop_line(invoiced=5, refunded=5))) == Refuse(
        "the shop has 0 left of line 1 (SKU-1), asked 5"
    )


def test_a_refusal_names_a_few_lines_and_how_many_more_there_are() -> None:
    lines = [(str(number), 6) for number in range(1, 8)]

    decided = shipment(command("CREATE_SHIPMENT", *lines), shop(*(shop_line(name) for name, _ in lines)))

    assert isinstance(decided, Refuse)
    assert decided.why.count("asked 6") == 5
    assert decided.why.endswith(" and 2 more")


def test_what_no_shipment_can_be_made_of_is_refused_before_any_call() -> None:
    named = command("CREATE_SHIPMENT", ("1", 1))

    assert shipment(command(), shop()) == Refuse("the command names no lines")
    assert shipment(msgspec.structs.replace(named, source_code=None), shop()) == Refuse("the shipment names no source")
    strange = msgspec.structs.replace(named, lines=(EventLine(line_id=None, sku="A", quantity=1),))
    assert shipment(strange, shop()) == Refuse("the shop's order has no line A")
    assert shipment(command("CREATE_SHIPMENT", ("9", 1)), shop()) == Refuse("the shop's order has no line 9")


def test_ours_is_adopted_and_ours_twice_is_told_twice() -> None:
    asked = command("CREATE_SHIPMENT", ("1", 2))
    ours = [posted(("1", 2), number=number, reference=reference_of(asked)) for number in ("901", "902")]

    assert shipment(asked, shop(), ours[0]) == Adopt(("901",))
    assert shipment(asked, shop(), *ours) == Adopt(("901", "902"))


def test_what_was_posted_by_hand_of_the_same_goods_is_adopted_once() -> None:
    asked = command("CREATE_SHIPMENT", ("1", 2))
    order = shop(shop_line(shipped=2))

    assert shipment(asked, order, posted(("1", 2))) == Adopt(("900",), documents.BY_HAND)
    assert isinstance(shipment(asked, order, posted(("1", 2)), taken=["900"]), Call)
    assert isinstance(documents.shipment(asked, order, [posted(("1", 2))]), Call)


@pytest.mark.parametrize(
    "other",
    [
        posted(("1", 1)),
        posted(("1", 2), ("2", 1)),
        posted(("2", 2)),
        posted(("1", 2), source_code="west"),
        posted(("1", 2), reference="another"),
        posted(("1", 2), tracks=(Track(number="T9"),)),
    ],
    ids=["less", "more lines", "another line", "another source", "another of ours", "another carton"],
)
def test_a_shipment_of_something_else_is_not_adopted(other: Shipment) -> None:
    asked = command("CREATE_SHIPMENT", ("1", 2), tracks=(Track(number="T1"),))

    assert isinstance(shipment(asked, shop(shop_line(), shop_line("2")), other), Call)


def test_of_two_that_were_posted_by_hand_the_one_with_our_carton_is_adopted() -> None:
    asked = command("CREATE_SHIPMENT", ("1", 2), tracks=(Track(number="T1"),))
    plain, ours = posted(("1", 2), number="901"), posted(("1", 2), number="902", tracks=(Track(number="T1"),))

    assert shipment(asked, shop(), plain, ours) == Adopt(("902",), documents.BY_HAND)
    assert shipment(asked, shop(), plain) == Adopt(("901",), documents.BY_HAND)


FAMILY = (shop_line("10", 2), shop_line("11", 4, parent="10"), shop_line("12", 2, parent="10"))
"""Two bundles: of each two of the one and one of the other."""


def test_a_family_is_named_by_its_parts_and_by_its_parent_where_the_whole_of_it_goes() -> None:
    whole = shipment(command("CREATE_SHIPMENT", ("11", 2), ("12", 1)), shop(*FAMILY))
    part = shipment(command("CREATE_SHIPMENT", ("11", 2)), shop(*FAMILY))

    assert whole == Call((LineQuantity("11", 2 * UNIT), LineQuantity("12", UNIT), LineQuantity("10", UNIT)))
    assert part == Call((LineQuantity("11", 2 * UNIT),))


def test_of_a_family_the_line_that_moved_further_counts() -> None:
    by_parent = (shop_line("10", 2, shipped=1), shop_line("11", 4, parent="10"))
    by_part = (shop_line("10", 2), shop_line("11", 4, parent="10", shipped=3))
    asked = command("CREATE_SHIPMENT", ("11", 3))

    assert shipment(asked, shop(*by_parent)) == Refuse("the shop has 2 left of line 11 (SKU-11), asked 3")
    assert shipment(asked, shop(*by_part)) == Refuse("the shop has 1 left of line 11 (SKU-11), asked 3")


def test_a_family_that_was_posted_by_hand_is_known_by_its_parent() -> None:
    lines = (shop_line("10", 2, shipped=2), shop_line("11", 2, parent="10"))

    decided = shipment(command("CREATE_SHIPMENT", ("11", 2)), shop(*lines), posted(("10", 2)))

    assert decided == Adopt(("900",), documents.BY_HAND)


def test_a_parent_of_which_nothing_was_ordered_says_nothing_of_its_parts() -> None:
    lines = (shop_line("10", 0), shop_line("11", 2, parent="10"))

    assert shipment(command("CREATE_SHIPMENT", ("11", 2)), shop(*lines)) == Call((LineQuantity("11", 2 * UNIT),))


# ── invoices and credit memos ────────────────────────────────────────────────────────────────────


def test_an_invoice_with_lines_takes_these_lines() -> None:
    asked = command("CREATE_INVOICE", ("1", 2))

    assert documents.invoice(asked, shop(), [], None) == Call((LineQuantity("1", 2 * UNIT),))
    assert documents.invoice(asked, shop(shop_line(invoiced=4)), [], None) == Refuse(
        "the shop has 1 left of line 1 (SKU-1), asked 2"
    )
    ours = billed(("1", 2), reference=reference_of(asked))
    assert documents.invoice(asked, shop(shop_line(invoiced=5)), [ours], None) == Adopt(("900",))
    unknown = command("CREATE_INVOICE", ("9", 1))
    assert documents.invoice(unknown, shop(), [], None) == Refuse("the shop's order has no line 9")


def test_an_invoice_without_lines_is_about_all_that_is_left() -> None:
    order = shop(shop_line(invoiced=2), shop_line("2", 1), shop_line("3", 1, cancelled=1))
    asked = command("CREATE_INVOICE", amount=80 * UNIT)
    before = billed(("1", 2), total=20)

    decided = documents.invoice(asked, order, [before], 100 * UNIT)

    assert decided == Call((LineQuantity("1", 3 * UNIT), LineQuantity("2", UNIT)), documents.NO_LINES)
    assert documents.invoice(msgspec.structs.replace(asked, amount=None), order, [before], 100 * UNIT) == decided
    assert documents.invoice(asked, order, [before], None) == decided


def test_a_part_of_the_money_without_lines_is_for_a_person() -> None:
    asked = command("CREATE_INVOICE", amount=30 * UNIT)

    assert documents.invoice(asked, shop(), [billed(total=20)], 100 * UNIT) == Refuse(
        "the shop has 80 left, the document states 30 and names no lines"
    )
    cent_less = command("CREATE_INVOICE", amount=80 * UNIT - 10_000)
    assert isinstance(documents.invoice(cent_less, shop(), [billed(total=20)], 100 * UNIT), Call)


def test_what_the_payment_method_invoiced_by_itself_is_adopted() -> None:
    order = shop(shop_line(invoiced=5))
    own = billed(("1", 5))

    assert documents.invoice(command("CREATE_INVOICE"), order, [own], None) == Adopt(("900",), documents.BY_OTHERS)
    for asked in (command("CREATE_INVOICE", ("1", 2)), command("CREATE_INVOICE", ("1", 5))):
        assert documents.invoice(asked, order, [own], None) == Adopt(("900",), documents.BY_OTHERS)


def test_what_nobody_invoiced_without_us_is_refused_where_nothing_is_left() -> None:
    order = shop(shop_line(invoiced=5), shop_line("2", 3, invoiced=3))
    other = billed(("1", 5), reference="another")

    assert documents.invoice(command("CREATE_INVOICE"), order, [other], None) == Refuse(
        "the shop has nothing left for it"
    )
    for lines in ((("1", 2),), (("1", 1), ("2", 1))):
        decided = documents.invoice(command("CREATE_INVOICE", *lines), order, [other, billed(("1", 1))], None)
        assert isinstance(decided, Refuse) == (lines[0][1] > 1 or len(lines) > 1)


def test_a_credit_memo_without_lines_is_made_only_of_all_the_money_that_was_invoiced() -> None:
    order = shop(shop_line(invoiced=5, refunded=1))
    invoices, before = [billed(("1", 5), total=100)], [billed(("1", 1), total=20, reference="another")]

    all_of_it = documents.credit_memo(command("CREATE_CREDIT_MEMO", amount=80 * UNIT), order, before, invoices)
    a_bit = documents.credit_memo(command("CREATE_CREDIT_MEMO", amount=5 * UNIT), order, before, invoices)

    assert all_of_it == Call((LineQuantity("1", 4 * UNIT),), documents.NO_LINES)
    assert a_bit == Refuse("the shop has 80 left, the document states 5 and names no lines")


def test_a_credit_memo_gives_back_no_more_than_was_invoiced_of_either_line_of_a_family() -> None:
    order = shop(shop_line("10", 2, invoiced=2), shop_line("11", 4, parent="10"))

    decided = documents.credit_memo(command("CREATE_CREDIT_MEMO", ("11", 4)), order, [], [])

    assert decided == Call((LineQuantity("11", 4 * UNIT), LineQuantity("10", 2 * UNIT)))
    assert isinstance(documents.credit_memo(command("CREATE_CREDIT_MEMO", ("11", 5)), order, [], []), Refuse)


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def orders(draw: st.DrawFn) -> ShopOrder:
    lines = []
    for number in range(draw(st.integers(1, 4))):
        ordered = draw(st.integers(1, 6))
        shipped = draw(st.integers(0, ordered))
        cancelled = draw(st.integers(0, ordered - shipped))
        invoiced = draw(st.integers(0, ordered - cancelled))
        refunded = draw(st.integers(0, invoiced))
        lines.append(
            shop_line(str(number), ordered, shipped=shipped, cancelled=cancelled, invoiced=invoiced, refunded=refunded)
        )
    return shop(*lines)


wanted_lines = st.lists(st.tuples(st.sampled_from("01234"), st.integers(1, 6)), max_size=4)


@given(order=orders(), lines=wanted_lines)
def test_nothing_is_ever_asked_for_beyond_what_is_left(order: ShopOrder, lines: list[tuple[str, int]]) -> None:
    room = {
        "CREATE_SHIPMENT": lambda one: one.ordered - max(one.shipped, one.refunded) - one.cancelled,
        "CREATE_INVOICE": lambda one: one.ordered - one.invoiced - one.cancelled,
        "CREATE_CREDIT_MEMO": lambda one: one.invoiced - one.refunded,
    }
    decided = {
        "CREATE_SHIPMENT": shipment(command("CREATE_SHIPMENT", *lines), order),
        "CREATE_INVOICE": documents.invoice(command("CREATE_INVOICE", *lines), order, [], None),
        "CREATE_CREDIT_MEMO": documents.credit_memo(command("CREATE_CREDIT_MEMO", *lines), order, [], []),
    }
    known = {one.line_id: one for one in order.lines}
    for kind, decision in decided.items():
        assert isinstance(decision, (Call, Refuse))
        if isinstance(decision, Call):
            assert decision.lines
            assert len({one.line_id for one in decision.lines}) == len(decision.lines)
            assert all(0 < one.quantity <= room[kind](known[one.line_id]) for one in decision.lines)


@given(order=orders(), parts=st.lists(wanted_lines.filter(bool), min_size=1, max_size=4))
def test_each_part_is_posted_once_whatever_is_asked_again(order: ShopOrder, parts: list[list[tuple[str, int]]]) -> None:
    """A shop that does what it is told: asking for the same twice finds the first one."""
    there: list[Shipment] = []
    for name, lines in enumerate(parts):
        asked = command("CREATE_SHIPMENT", *lines, part=str(name))
        for _ in range(2):
            decision = shipment(asked, order, *there)
            if isinstance(decision, Call):
                made = posted(number=str(len(there)), reference=reference_of(asked), lines=decision.lines)
                there.append(made)
                order = _after(order, made)

    references = [one.reference for one in there]
    assert len(set(references)) == len(references)
    assert all(line.shipped + line.cancelled <= line.ordered for line in order.lines)


def _after(order: ShopOrder, made: Shipment) -> ShopOrder:
    moved = {one.line_id: one.quantity for one in made.lines}
    lines = tuple(msgspec.structs.replace(one, shipped=one.shipped + moved.get(one.line_id, 0)) for one in order.lines)
    return msgspec.structs.replace(order, lines=lines)
