"""Salesforce's accounts as rows that orders are checked against; pure.  No name, address or e-mail is read."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from connectors.salesforce.wire import AccountRow
from schemas.models.reference import Account, AccountMember, Credit

SYSTEM = "salesforce"
CREDITS: Mapping[str, Credit] = {"given": "GIVEN", "refused": "REFUSED"}
"""Words of the org's picklist, in any case; another says nothing."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = re.compile(r"(?P<channel>.+?)-(?P<kind>company|customer)-(?P<id>.+)", re.DOTALL)


def to_account(row: AccountRow, changed_at: int) -> Account | None:
    """None for an account that no order can name: that of a guest, whose key is a digest of an e-mail address."""
    members = members_of(row.commerce_id or "")
    if not members and not row.number:
        return None
    return Account(
        account_id=row.id,
        members=members,
        account_code=row.number or None,
        cost_centre=row.cost_centre or None,
        terms=row.terms or None,
        credit=CREDITS.get((row.credit or "").strip().lower(), "UNKNOWN"),
        needs_approval=bool(row.needs_approval),
        source_system=SYSTEM,
        changed_at=changed_at,
    )


def members_of(key: str) -> tuple[AccountMember, ...]:
    """The id at a channel that `mapping.account_key` made the external id of; () for any other."""
    found = _KEY.fullmatch(key)
    if found is None:
        return ()
    if found["kind"] == "company":
        return (AccountMember(channel=found["channel"], company_id=found["id"]),)
    return (AccountMember(channel=found["channel"], customer_id=found["id"]),)


def to_moment(micros: int) -> str:
    """As SOQL takes it: milliseconds, which is all that Salesforce has."""
    moment = _EPOCH + timedelta(milliseconds=micros // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def from_moment(text: str) -> int:
    """Micros.  Raises ValueError for what is no time with its zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)
