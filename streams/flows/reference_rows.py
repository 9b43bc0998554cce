"""What is kept in memory of each reference table, in the form in which orders are looked up."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from schemas.models.desired_stock import DesiredStock
from schemas.models.reference import Account, Price, Product, ProductPrices
from streams.domain.order_account import AccountKey, keys_of
from streams.domain.order_checks import Item

_SOLD, _OVER = Item(), Item(is_discontinued=True)
"""Two for all SKUs: a row costs its key."""


class ProductRows(dict[str, Item]):
    """SKU → what is checked of it."""

    def put(self, key: str, model: Product) -> None:
        self[key] = _OVER if model.is_discontinued else _SOLD

    def drop(self, key: str) -> None:
        self.pop(key, None)


class PriceRows(dict[str, tuple[Price, ...]]):
    """SKU → its prices."""

    def put(self, key: str, model: ProductPrices) -> None:
        self[key] = model.prices

    def drop(self, key: str) -> None:
        self.pop(key, None)


class StockRows:
    """What each source has of each SKU, as the shop is told: a Mapping (source, SKU) → micros, by the shop's SKUs.

    A source that is not on sale has nothing.
    """

    def __init__(self, sku_of: Callable[[str], str]) -> None:
        self._sku_of = sku_of
        self._rows: dict[str, tuple[tuple[str, int], ...]] = {}

    def put(self, key: str, model: DesiredStock) -> None:
        found = ((one.source_code, one.quantity) for one in model.sources if one.status)
        self._rows[self._sku_of(key)] = tuple(found)

    def drop(self, key: str) -> None:
        self._rows.pop(self._sku_of(key), None)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._sku_of(key) in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def by_place(self) -> "StockByPlace":
        return StockByPlace(self._rows)


class StockByPlace(Mapping[tuple[str, str], int]):
    """A view of the stock as it is now."""

    def __init__(self, rows: Mapping[str, tuple[tuple[str, int], ...]]) -> None:
        self._rows = rows

    def __getitem__(self, place: tuple[str, str]) -> int:
        source, sku = place
        for code, quantity in self._rows[sku]:
            if code == source:
                return quantity
        raise KeyError(place)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((source, sku) for sku, found in self._rows.items() for source, _quantity in found)

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))


Named = tuple[str, ...] | set[str]
"""Ids of accounts: nearly always one, for which a set would be large."""


class AccountRows:
    """Accounts by id, and by everything under which an order may name one (`by_key`)."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._by_key: dict[AccountKey, Named] = {}

    def put(self, key: str, model: Account) -> None:
        self.drop(key)
        self._accounts[key] = model
        for one in keys_of(model):
            named = self._by_key.get(one)
            if isinstance(named, set):
                named.add(key)
            else:
                self._by_key[one] = (key,) if named is None else {*named, key}

    def drop(self, key: str) -> None:
        known = self._accounts.pop(key, None)
        for one in () if known is None else keys_of(known):
            named = self._by_key[one]
            if isinstance(named, set) and len(named) > 1:
                named.discard(key)
            else:
                del self._by_key[one]

    def __contains__(self, key: object) -> bool:
        return key in self._accounts

    def __len__(self) -> int:
        return len(self._accounts)

    @property
    def by_key(self) -> "AccountsByKey":
        return AccountsByKey(self._accounts, self._by_key)


class AccountsByKey(Mapping[AccountKey, tuple[Account, ...]]):
    """A view of the accounts as they are now; of those under one key two at most, which shows that there are several.

    ERPs have collective accounts, whose code half of the CRM may share.
    """

    def __init__(self, accounts: Mapping[str, Account], by_key: Mapping[AccountKey, Named]) -> None:
        self._accounts, self._by_key = accounts, by_key

    def __getitem__(self, key: AccountKey) -> tuple[Account, ...]:
        return tuple(self._accounts[one] for one in islice(self._by_key[key], 2))

    def __iter__(self) -> Iterator[AccountKey]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)
