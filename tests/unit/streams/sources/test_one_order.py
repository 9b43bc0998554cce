"""One order by three ways: an event, the poll and another producer make one order, whatever comes first."""

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from streams.domain import order_state
from streams.domain.order_state import OrderEntry, Verdict
from tests.unit.streams.sources.shop_model import SECOND, order

AT = 1_772_439_330 * SECOND
NOW = AT + 3600 * SECOND


def placed(said: Order, recorded_at: int) -> OrderEvent:
    """As the order intake makes it."""
    return OrderEvent(
        event_id=said.event_id,
        order_id=f"web-{said.number}",
        kind="PLACED",
        source_system=said.source_system,
        effective_at=said.updated_at,
        recorded_at=recorded_at,
        order=said,
    )


def asked(events: Sequence[OrderEvent]) -> tuple[OrderEntry, list[tuple[str, str]]]:
    """The entry, and what was asked of whom, in order."""
    entry = OrderEntry()
    requests: list[tuple[str, str]] = []
    for event in events:
        after = order_state.apply(entry, event, NOW)
        entry = after.entry
        requests += [(one.role, one.kind) for one in after.intentions]
    return entry, requests


SHOP = order("000000042", at=AT)
WAYS = (
    placed(SHOP, AT + 1),
    placed(SHOP, AT + 90 * SECOND),
    placed(msgspec.structs.replace(SHOP, event_id="evt-of-a-webhook", source_system="io-events"), AT + 2),
    placed(msgspec.structs.replace(SHOP, event_id="another-producers"), AT + 3),
)


@settings(deadline=None)
@given(st.permutations(WAYS))
def test_the_same_order_by_several_ways_is_one_order_asked_for_once(ways: list[OrderEvent]) -> None:
    entry, requests = asked(ways)

    assert requests.count(("erp", "CREATE_ORDER")) == 1
    assert entry.holds == ()
    assert entry.order is not None
    assert entry.order.lines == SHOP.lines
    assert len(entry.statements) == 1


def test_the_poll_that_reads_again_what_it_appended_says_nothing_new() -> None:
    entry, _ = asked(WAYS[:1])

    again = order_state.apply(entry, WAYS[1], NOW)

    assert (again.verdict, again.reason, again.intentions) == (Verdict.IGNORED, "duplicate", ())
    assert again.entry == entry


@settings(deadline=None)
@given(st.permutations([*WAYS, placed(order("000000042", at=AT + 60 * SECOND, placed_at=AT, status="paid"), AT + 4)]))
def test_the_newest_state_of_the_shop_counts_whatever_came_last(ways: list[OrderEvent]) -> None:
    entry, requests = asked(ways)

    assert entry.order is not None
    assert entry.order.status == "paid"
    assert requests.count(("erp", "CREATE_ORDER")) == 1
