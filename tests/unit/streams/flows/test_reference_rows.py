"""What is kept of the reference tables finds accounts by every id, and forgets what is gone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.reference import Account, AccountMember, Price, Product, ProductPrices
from streams.domain.order_checks import Item
from streams.flows.reference_rows import AccountRows, PriceRows, ProductRows, StockRows
from tests.unit.streams.domain.accounts import account, by_key

CODE = ("code", "", "C-1004")
CUSTOMER = ("customer", "commerce", "7")


def test_a_product_and_its_prices_are_kept_by_sku() -> None:
    products, prices = ProductRows(), PriceRows()
    offered = (Price(currency="EUR", price=1),)
    products.put("A", Product(sku="A", is_discontinued=True, source_system="erp", changed_at=0))
    prices.put("A", ProductPrices(sku="A", prices=offered, source_system="erp", changed_at=0))

    assert (products, prices) == ({"A": Item(is_discontinued=True)}, {"A": offered})
    for rows in (products, prices):
        rows.drop("A")
        rows.drop("A")
        assert rows == {}


def stock(sku: str, **quantities: int) -> DesiredStock:
    cause = Cause("wms.stock-change.v1", 0, 0)
    sources = (SourceQuantity(source, micros, int(micros > 0), 1, 1, 0, cause) for source, micros in quantities.items())
    return DesiredStock(sku=sku, epoch=1, counter=1, dirty_since=0, sources=tuple(sources))


def test_stock_is_known_by_source_and_by_the_shops_own_sku() -> None:
    rows = StockRows({"4711": "PUMP"}.get)  # type: ignore[arg-type]  # only this one is asked for
    rows.put("4711", stock("4711", east=5, west=0))
    found = rows.by_place

    assert dict(found) == {("east", "PUMP"): 5}
    assert (len(found), len(rows), "4711" in rows) == (1, 1, True)
    assert (found.get(("west", "PUMP"), 0), found.get(("east", "HOSE"), 0)) == (0, 0)
    rows.put("4711", stock("4711", west=7))
    assert dict(found) == {("west", "PUMP"): 7}
    rows.drop("4711")
    assert dict(found) == {}


def test_an_account_that_changes_its_ids_is_found_by_the_new_ones_only() -> None:
    rows = AccountRows()
    rows.put("ACC-1", account())
    moved = account(members=(AccountMember(channel="commerce", company_id="12"),))
    rows.put("ACC-1", moved)

    assert rows.by_key.get(CUSTOMER) is None
    assert rows.by_key["company", "commerce", "12"] == (moved,)
    assert (len(rows), "ACC-1" in rows) == (1, True)


def test_of_accounts_that_share_a_code_two_are_shown() -> None:
    rows = AccountRows()
    for number in range(5):
        rows.put(f"ACC-{number}", account(f"ACC-{number}", members=()))

    assert len(rows.by_key[CODE]) == 2
    for number in range(4):
        rows.drop(f"ACC-{number}")
    assert [one.account_id for one in rows.by_key[CODE]] == ["ACC-4"]
    rows.drop("ACC-4")
    with pytest.raises(KeyError):
        rows.by_key[CODE]


codes = st.sampled_from([None, "C-1", "C-2"])
changes = st.lists(st.tuples(st.sampled_from(["ACC-1", "ACC-2"]), st.none() | codes, st.booleans()), max_size=12)


@settings(deadline=None)
@given(changes)
def test_whatever_was_said_the_keys_are_those_of_the_accounts_that_stand(said: list[tuple[str, str, bool]]) -> None:
    rows = AccountRows()
    standing: dict[str, Account] = {}
    for account_id, code, is_gone in said:
        if is_gone:
            rows.drop(account_id)
            standing.pop(account_id, None)
        else:
            standing[account_id] = account(account_id, account_code=code)
            rows.put(account_id, standing[account_id])

    assert {key: set(known) for key, known in rows.by_key.items()} == {
        key: set(known) for key, known in by_key(*standing.values()).items()
    }
