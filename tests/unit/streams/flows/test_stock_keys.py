"""Keys of the ledger: stored state, so their form is fixed, and their order is the order of time."""

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.movements import Movement
from streams.flows import stock_keys
from streams.tables import STOCK_LEDGER

skus = st.text(min_size=1, max_size=64).filter(lambda text: text.isprintable())
times = st.integers(-(2**63), 2**63 - 1)
numbers = st.integers(0, 2**16 - 1)
identities = st.binary(min_size=1, max_size=16)


def test_keys_have_the_form_that_is_stored() -> None:
    movement = stock_keys.movement("AB", 3, Movement(7, b"s1", 0))

    assert stock_keys.entry("AB") == b"eAB"
    assert movement == b"t\x00\x02AB\x00\x03\x80\x00\x00\x00\x00\x00\x00\x07s1"
    assert stock_keys.index(stock_keys.scope("AB", 3), b"s1") == b"\x00it\x00\x02AB\x00\x03s1"
    assert stock_keys.holds("AB") == b"h\x00\x02AB"
    assert stock_keys.hold("AB", "h1").startswith(b"h\x00\x02AB")


def test_every_prefix_is_declared_with_the_table() -> None:
    prefixes = {stock_keys.ENTRY, stock_keys.MOVEMENT, stock_keys.HOLD, stock_keys.LOCATIONS[:1]}

    assert {prefix.decode() for prefix in prefixes} <= set(STOCK_LEDGER.keys)


@given(skus, numbers, times, identities)
def test_a_movements_key_can_be_read_again(sku: str, number: int, at: int, identity: bytes) -> None:
    key = stock_keys.movement(sku, number, Movement(at, identity, 0))

    assert stock_keys.parse_movement(key) == (stock_keys.scope(sku, number), at, identity)
    assert stock_keys.derive_index(key) == (stock_keys.index(stock_keys.scope(sku, number), identity), b"")


@given(skus, numbers, st.lists(st.tuples(times, identities), min_size=2))
def test_movements_of_a_scope_lie_in_order_of_time(sku: str, number: int, found: list[tuple[int, bytes]]) -> None:
    movements = [Movement(at, identity, 0) for at, identity in found]
    keys = {stock_keys.movement(sku, number, one): one for one in movements}

    assert [(keys[key].at, keys[key].identity) for key in sorted(keys)] == sorted(set(found))
    for at, _identity in found:
        begin = stock_keys.at_time(stock_keys.scope(sku, number), at)
        assert all((key >= begin) == (one.at >= at) for key, one in keys.items())


@given(skus, skus, numbers, numbers)
def test_no_scope_lies_within_another(one: str, other: str, first: int, second: int) -> None:
    prefixes = {stock_keys.scope(one, first), stock_keys.scope(other, second)}

    assert len(prefixes) == 1 or not any(a.startswith(b) for a in prefixes for b in prefixes if a != b)


@given(skus, st.text(max_size=100).filter(lambda text: text.isprintable()))
def test_a_holds_key_names_its_sku(sku: str, hold_id: str) -> None:
    key = stock_keys.hold(sku, hold_id)

    assert stock_keys.sku_of_hold(key) == sku
    assert key.startswith(stock_keys.holds(sku))


def test_only_movements_have_an_index_entry() -> None:
    keys = (stock_keys.entry("t"), stock_keys.hold("t", "h"), stock_keys.LOCATIONS, b"o1", b"mtally")

    assert [stock_keys.derive_index(key) for key in keys] == [None] * len(keys)
