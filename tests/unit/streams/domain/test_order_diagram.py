"""The picture of the order's life says what the state machine does, and all of it."""

from hypothesis import given, settings

from schemas.models.order_event import OrderEvent
from streams.domain import order_diagram
from streams.domain.order_rules import Given
from streams.domain.order_table import ABOUT, AWAITS, KINDS, MOVES, RANK, REFUSED_IN, OrderState
from tests.unit.streams.domain.order_histories import OneOrder
from tests.unit.streams.domain.order_stories import Story, stories


def moved(one: OneOrder, each: OrderEvent, failing: tuple[str, ...]) -> tuple[OrderState, str, OrderState]:
    before = one.entry.stage
    one.take(each, given=Given(failing=failing))
    return before, each.kind, one.entry.stage


@settings(max_examples=300, deadline=None)
@given(stories())
def test_an_order_moves_only_along_the_arrows_of_the_table(story: Story) -> None:
    one = OneOrder()

    for each in story.events:
        before, kind, after = moved(one, each, story.failing.get(each.event_id, ()))

        assert after is before or after in MOVES[before].get(kind, ())


def test_every_state_and_every_kind_has_its_place_in_every_table() -> None:
    states = set(OrderState)

    assert set(ABOUT) == states
    assert set(MOVES) == set(REFUSED_IN) == states - {OrderState.HELD}
    assert set(AWAITS) - {"ANSWERED"} == set(KINDS) - {"UNKNOWN"}
    assert all(kind in AWAITS for moves in MOVES.values() for kind in moves)


def test_a_predecessor_is_always_weighed_before_what_waits_for_it() -> None:
    for kind, needed in AWAITS.items():
        for before in () if needed is None else needed.kinds:
            assert RANK[before] < RANK[kind]


def test_nothing_leads_where_it_is_refused() -> None:
    for state, moves in MOVES.items():
        assert not set(moves) & REFUSED_IN[state]


def test_the_picture_names_every_state_once_and_draws_every_arrow() -> None:
    drawn = order_diagram.mermaid()
    lines = drawn.splitlines()

    assert lines[0] == "stateDiagram-v2"
    for state in OrderState:
        assert sum(line.endswith(f" as {state.name.lower()}") for line in lines) == 1
    assert '    state "in fulfilment" as in_fulfilment' in lines
    assert "    accepted --> acknowledged: ACKNOWLEDGED" in lines
    assert "    delivered --> closed: INVOICED, CAPTURED, RETURN_RECEIVED, RETURN_REJECTED" in lines
    assert "    cancelled --> [*]" in lines
    assert "    closed --> [*]" not in lines
    assert drawn.endswith("\n")


def test_the_tables_say_what_is_refused_and_what_waits() -> None:
    states, kinds = order_diagram.states_table(), order_diagram.kinds_table()

    assert "| `expected` | Something was said of the order, but the order itself has not come. | – |" in states
    assert "| `acknowledged` | The ERP has it, under a number of its own. | `CORRECTED`, `REFUSED` |" in states
    assert "| `SHIPPED` | `PICKED` of the same quantities, where its system states every step |" in kinds
    assert "| `RETURN_REJECTED` | `RETURN_REQUESTED` of the same part | `closed` |" in kinds
    assert "| `REFUNDED` | `CAPTURED` or `INVOICED` | – |" in kinds
    assert "| `PLACED` | – | `placed`, `accepted` |" in kinds
    assert "| `AUTHORISED` | `PLACED` | – |" in kinds
