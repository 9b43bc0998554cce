"""What targets hold against what they acknowledged: missing, twice, another total, and why."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.document import Held
from streams.domain.closing import AtTarget, Kind
from streams.domain.order_closing import Answered, Asked, OrderEvidence, Record
from streams.domain.order_holdings import CENT, OrderMoney, Wanted, added, compared, wanted_of
from streams.domain.references import booking_reference, task_reference

MONEY = OrderMoney("1", "web", 120_000_000, "USD", 3, 2)
WANTED = Wanted("web-1", "erp", "web-1", "CREATE_ORDER", total=120_000_000, currency="USD", lines=3)
HELD = Held(reference="web-1", internal_id="77", number="SO-1", total=120_000_000, currency="USD", lines=3)


def _kinds(wanted: Wanted, *held: Held) -> list[Kind]:
    return [finding.kind for finding in compared("erp", "netsuite", [wanted], held).findings]


def test_the_same_document_on_both_sides_is_no_finding() -> None:
    found = compared("erp", "netsuite", [WANTED], [HELD])
    assert found.findings == ()
    assert found.explained == ()
    assert found.sums == AtTarget("erp", "netsuite", 1, 1, total={"USD": 120_000_000}, lines=3)


def test_what_was_acknowledged_and_is_gone_is_named_with_its_reference() -> None:
    [finding] = compared("erp", "netsuite", [WANTED], []).findings
    assert finding.key == (Kind.NOT_AT_TARGET, "web-1", "netsuite web-1")


def test_what_waits_for_a_known_reason_is_explained_and_no_finding() -> None:
    waiting = WANTED._replace(why="CREATE_ORDER in erp-work: price")
    found = compared("erp", "netsuite", [waiting], [])
    assert (found.findings, found.explained) == ((), (waiting,))
    assert found.sums.missing == 1


def test_two_documents_of_one_reference_are_told_with_both_numbers() -> None:
    other = msgspec.structs.replace(HELD, internal_id="78", number="SO-2")
    [finding] = compared("erp", "netsuite", [WANTED], [HELD, other]).findings
    assert (finding.kind, finding.detail) == (Kind.TWICE, "CREATE_ORDER: SO-1, SO-2")


def test_documents_of_others_are_nobodys_business() -> None:
    other = msgspec.structs.replace(HELD, reference="by-hand")
    assert _kinds(WANTED, HELD, other) == []


@given(st.integers(-10 * CENT, 10 * CENT))
def test_a_total_may_differ_by_a_cent_per_line(difference: int) -> None:
    held = msgspec.structs.replace(HELD, total=120_000_000 + difference)
    assert _kinds(WANTED, held) == ([Kind.DIFFERS] if abs(difference) > 3 * CENT else [])


def test_another_currency_and_another_number_of_lines_differ() -> None:
    assert _kinds(WANTED, msgspec.structs.replace(HELD, currency="EUR")) == [Kind.DIFFERS]
    assert _kinds(WANTED, msgspec.structs.replace(HELD, lines=2)) == [Kind.DIFFERS]


def test_what_a_target_does_not_state_is_not_compared() -> None:
    bare = Held(reference="web-1", internal_id="77")
    assert _kinds(WANTED, bare) == []


def _evidence(*commands: tuple[str, str, str], applied: bool = True) -> OrderEvidence:
    record = Record("erp.command.v1", 0, 0, 10)
    asked = {
        f"c{number}": Asked(f"c{number}", role, kind, part, f"{role}-work", record, 7_000_000)
        for number, (role, kind, part) in enumerate(commands)
    }
    answers = {
        (one.command_id, "APPLIED"): Answered(one.command_id, one.role, one.kind, one.part, "APPLIED", "", "", record)
        for one in asked.values()
        if applied
    }
    return OrderEvidence("web-1", "1", commands=asked, answers=answers)


def test_each_role_is_asked_by_the_reference_under_which_its_sink_made_the_document() -> None:
    evidence = _evidence(
        ("erp", "CREATE_ORDER", ""),
        ("wms", "CREATE_TASK", "north"),
        ("crm", "RECORD_ORDER", ""),
        ("finance", "POST_INVOICE", "I-1"),
        ("commerce", "SET_ERP_NUMBER", ""),
    )
    wanted = {one.role: one for one in wanted_of(evidence, MONEY, "")}
    assert {role: one.reference for role, one in wanted.items()} == {
        "erp": "web-1",
        "wms": task_reference("web-1", "north"),
        "crm": "web-1",
        "finance": booking_reference("web-1", "POST_INVOICE", "I-1"),
        "commerce": "1",
    }
    assert (wanted["erp"].total, wanted["erp"].lines, wanted["crm"].lines) == (120_000_000, 3, 2)
    assert wanted["finance"].total == 7_000_000


def test_what_was_cancelled_at_a_target_is_not_looked_for() -> None:
    evidence = _evidence(("wms", "CREATE_TASK", "north"), ("wms", "CANCEL_TASK", "north"))
    assert list(wanted_of(evidence, MONEY, "")) == []


def test_what_was_not_answered_says_where_it_waits() -> None:
    [waiting] = wanted_of(_evidence(("erp", "CREATE_ORDER", ""), applied=False), MONEY, "price")
    assert waiting.why == "CREATE_ORDER in erp-work: price"


@pytest.mark.parametrize("comes_first", [True, False])
def test_of_a_request_that_was_repeated_the_newest_command_says_what_the_target_should_hold(
    *, comes_first: bool
) -> None:
    """In whatever order their logs are read."""
    evidence = _evidence(("finance", "POST_INVOICE", "I-1"))
    [newest] = evidence.commands.values()
    older = newest._replace(command_id="older", amount=5_000_000, record=newest.record._replace(at=9))
    commands = {"older": older, "c0": newest} if comes_first else {"c0": newest, "older": older}

    [wanted] = wanted_of(evidence._replace(commands=commands), MONEY, "")

    assert (wanted.total, wanted.since) == (7_000_000, 10)


def test_sums_of_slices_add_up_by_role() -> None:
    one = AtTarget("erp", "netsuite", 2, 1, 1, total={"USD": 5}, lines=3)
    assert added([one, one]) == (AtTarget("erp", "netsuite", 4, 2, 2, total={"USD": 10}, lines=6),)
