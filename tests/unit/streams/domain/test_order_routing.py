"""Routing: the first rule that holds, one source where one has everything, nothing lost on the way."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.order import Address
from streams.domain.order_routing import Routing, RoutingRule, RoutingRules, Task, Wanted, route
from tests.unit.streams.domain.order_histories import UNIT, order


def wanted(line_id: str = "1", sku: str = "A", units: int = 3) -> Wanted:
    return Wanted(line_id, sku, units * UNIT)


def rules(*found: RoutingRule) -> RoutingRules:
    return RoutingRules(found)


def stock(**units: int) -> Mapping[tuple[str, str], int]:
    """`W1_A=3` is three units of A at W1."""
    return {(name.split("_")[0], name.split("_")[1]): count * UNIT for name, count in units.items()}


def chosen(routing: Routing) -> dict[str, list[str]]:
    return {task.source_code: [line.line_id for line in task.lines] for task in routing.tasks}


def test_without_rules_the_erp_decides_and_nothing_is_a_persons_business() -> None:
    assert route(order(), (wanted(),), RoutingRules()) == Routing()


def test_the_first_rule_whose_conditions_hold_names_the_source() -> None:
    found = rules(
        RoutingRule(("W-FR",), countries=frozenset({"FR"})),
        RoutingRule(("W-DEALER",), channels=frozenset({"dealer"})),
        RoutingRule(("W-BE",), regions=frozenset({"BE"})),
        RoutingRule(("W-HEAVY",), skus="HEAVY-*"),
        RoutingRule(("W-DE",), countries=frozenset({"DE"})),
        RoutingRule(("W-ALL",)),
    )

    def source(sku: str = "A", **fields: Any) -> str:  # noqa: ANN401  any field of the order
        return route(order(**fields), (wanted(sku=sku),), found).tasks[0].source_code

    assert source() == "W-DE"
    assert source(shipping=Address(country="FR")) == "W-FR"
    assert source(shipping=None, billing=Address(country="IT")) == "W-ALL"
    assert source(channel="dealer") == "W-DEALER"
    assert source(shipping=Address(country="DE", region_code="BE")) == "W-BE"
    assert source("HEAVY-1") == "W-HEAVY"


def test_only_the_star_of_a_pattern_is_special() -> None:
    found = rules(RoutingRule(("W1",), skus="A.[1]*"))

    assert chosen(route(order(), (wanted(sku="A.[1]x\ny"),), found)) == {"W1": ["1"]}
    assert route(order(), (wanted(sku="AB1"),), found).unrouted == (wanted(sku="AB1"),)


def test_one_source_that_has_everything_is_preferred_to_two() -> None:
    found = rules(RoutingRule(("W1", "W2")))
    lines = (wanted("1", "A"), wanted("2", "B"))

    routing = route(order(), lines, found, stock(W1_A=3, W2_A=3, W2_B=3))

    assert routing == Routing((Task("W2", lines),))


def test_where_no_source_has_everything_each_line_goes_to_the_first_that_has_it() -> None:
    found = rules(RoutingRule(("W1", "W2")))

    routing = route(order(), (wanted("1", "A"), wanted("2", "B")), found, stock(W1_A=3, W2_B=3))

    assert chosen(routing) == {"W1": ["1"], "W2": ["2"]}


def test_what_one_line_takes_is_not_there_for_the_next() -> None:
    found = rules(RoutingRule(("W1", "W2")))

    routing = route(order(), (wanted("1"), wanted("2"), wanted("3")), found, stock(W1_A=4, W2_A=3))

    assert chosen(routing) == {"W1": ["1", "3"], "W2": ["2"]}


def test_what_nobody_has_goes_to_the_first_source() -> None:
    found = rules(RoutingRule(("W1", "W2")))

    assert chosen(route(order(), (wanted(),), found, {})) == {"W1": ["1"]}


def test_without_availability_the_first_source_gets_it() -> None:
    found = rules(RoutingRule(("W1", "W2")))

    assert chosen(route(order(), (wanted(), wanted("2", "B")), found)) == {"W1": ["1", "2"]}


def test_a_source_that_not_every_line_may_go_to_is_not_the_one_for_all() -> None:
    found = rules(RoutingRule(("W2",), skus="B"), RoutingRule(("W1", "W2")))

    routing = route(order(), (wanted("1", "A"), wanted("2", "B")), found, stock(W1_A=9, W1_B=9))

    assert chosen(routing) == {"W1": ["1"], "W2": ["2"]}


def test_nothing_to_route_is_nothing_to_do() -> None:
    assert route(order(), (), rules(RoutingRule(("W1",))), {}) == Routing()


lines_to_route = st.lists(
    st.builds(wanted, st.uuids().map(str), st.sampled_from(["A", "B", "C"]), st.integers(1, 5)), max_size=6
)
some_rules = st.lists(
    st.builds(
        RoutingRule,
        st.lists(st.sampled_from(["W1", "W2", "W3"]), min_size=1, max_size=3, unique=True).map(tuple),
        skus=st.sampled_from(["*", "A", "B*"]),
    ),
    min_size=1,
    max_size=3,
).map(lambda found: RoutingRules(tuple(found)))
some_stock = st.none() | st.dictionaries(
    st.tuples(st.sampled_from(["W1", "W2", "W3"]), st.sampled_from(["A", "B", "C"])), st.integers(0, 10 * UNIT)
)


@settings(max_examples=200, deadline=None)
@given(lines_to_route, some_rules, some_stock)
def test_every_line_goes_to_exactly_one_place_or_is_named(
    lines: list[Wanted], found: RoutingRules, available: Mapping[tuple[str, str], int] | None
) -> None:
    routing = route(order(), tuple(lines), found, available)

    told = [line for task in routing.tasks for line in task.lines] + list(routing.unrouted)
    assert sorted(told) == sorted(lines)
    assert len({task.source_code for task in routing.tasks}) == len(routing.tasks)
    assert route(order(), tuple(lines), found, available) == routing
