"""Lists of SKUs become queries that ask for each exactly once, within bounds, in an order that signatures agree on."""

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from connectors.adobe_commerce.criteria import Criteria, Filter, sku_filters
from tests.unit.connectors.core.test_auth import natural

skus = st.sets(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64), max_size=60)


@given(skus, st.integers(1, 20), st.integers(1024, 2000))
def test_every_sku_is_asked_for_once_and_no_filter_is_too_long(wanted: set[str], most: int, most_bytes: int) -> None:
    filters = list(sku_filters(wanted, most=most, most_bytes=most_bytes))

    asked = [sku for _, part in filters for sku in part]
    assert sorted(asked) == sorted(wanted)
    for filter_, part in filters:
        as_the_server_reads = filter_.value.split(",") if filter_.condition == "in" else [filter_.value]
        assert sorted(as_the_server_reads) == sorted(part)
        assert len(part) <= most
        assert len(part) == 1 or len(quote(filter_.value, safe="")) <= most_bytes


def test_a_comma_makes_a_sku_go_alone() -> None:
    filters = [filter_ for filter_, _ in sku_filters(["b", "a,c", "a"], most=10, most_bytes=1024)]

    assert filters == [Filter("sku", "in", "a,b"), Filter("sku", "eq", "a,c")]


def test_the_query_is_spelled_as_the_vendor_does() -> None:
    criteria = Criteria(
        groups=(Filter("sku", "in", "a,b"), Filter("source_code", "eq", "central")), sort=("sku",), page_size=50, page=2
    )

    assert criteria.query(fields="items[sku],total_count") == (
        ("fields", "items[sku],total_count"),
        ("searchCriteria[filterGroups][0][filters][0][field]", "sku"),
        ("searchCriteria[filterGroups][0][filters][0][value]", "a,b"),
        ("searchCriteria[filterGroups][0][filters][0][conditionType]", "in"),
        ("searchCriteria[filterGroups][1][filters][0][field]", "source_code"),
        ("searchCriteria[filterGroups][1][filters][0][value]", "central"),
        ("searchCriteria[filterGroups][1][filters][0][conditionType]", "eq"),
        ("searchCriteria[sortOrders][0][field]", "sku"),
        ("searchCriteria[sortOrders][0][direction]", "ASC"),
        ("searchCriteria[pageSize]", "50"),
        ("searchCriteria[currentPage]", "2"),
    )


@given(st.integers(0, 9), st.integers(0, 9))
def test_the_names_of_a_query_sort_alike_by_bytes_and_in_the_servers_natural_order(groups: int, sorts: int) -> None:
    criteria = Criteria(groups=(Filter("sku", "eq", "x"),) * groups, sort=("sku",) * sorts, page_size=1)
    names = [quote(name, safe="") for name, _ in criteria.query(fields="x")] + ["oauth_nonce", "oauth_token"]

    assert sorted(names) == sorted(names, key=natural)
