"""Accounts for tests."""

from typing import Any

from schemas.models.reference import Account, AccountMember
from streams.domain.order_account import AccountKey, keys_of
from tests.unit.streams.domain.order_histories import T0


def account(account_id: str = "ACC-1", **fields: Any) -> Account:  # noqa: ANN401  any field of the model
    plain: dict[str, Any] = {
        "members": (AccountMember(channel="commerce", customer_id="7"),),
        "account_code": "C-1004",
        "cost_centre": "CC-20",
        "terms": "NET30",
        "credit": "GIVEN",
        **fields,
    }
    return Account(account_id=account_id, source_system="crm", changed_at=T0, **plain)


def by_key(*accounts: Account) -> dict[AccountKey, tuple[Account, ...]]:
    """As the table of accounts holds them."""
    found: dict[AccountKey, tuple[Account, ...]] = {}
    for one in accounts:
        for key in keys_of(one):
            found[key] = (*found.get(key, ()), one)
    return found
