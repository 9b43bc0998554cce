"""The two questions in SuiteQL by which changes are found, and the account's time in them; pure.

Tables and columns: Oracle's Records Catalog as its users show it (README.md).  Rows are followed by (time, id), never
by an offset: rows that change while a list is read move to its end, and an offset would jump over others.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.core.errors import ConfigurationError
from schemas.micros import MICROS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = "%Y-%m-%d %H:%M:%S"
_ORACLE = "YYYY-MM-DD HH24:MI:SS"
TYPES = ("SalesOrd", "CustInvc", "CustCred", "RtnAuth", "WorkOrd")
_FUTURE = timedelta(hours=1)


class Position(NamedTuple):
    """Rows at this local time are read behind this id; 0 is before all."""

    local: str
    behind: int = 0


def changes(position: Position) -> str:
    """Documents changed there or later, each with its sales order; one made from a return is two steps from it."""
    since = f"TO_DATE('{position.local}', '{_ORACLE}')"
    types = ", ".join(f"'{one}'" for one in TYPES)
    return (
        "SELECT t.id AS id, t.type AS type, t.tranid AS tranid, t.status AS status, "  # noqa: S608 - no value of others
        f"TO_CHAR(t.createddate, '{_ORACLE}') AS created, TO_CHAR(t.lastmodifieddate, '{_ORACLE}') AS modified, "
        "t.foreigntotal AS total, "
        "c.creditholdoverride AS hold, o.tranid AS order_number, o.externalid AS order_id "
        "FROM transaction t "
        "LEFT JOIN customer c ON c.id = t.entity "
        "LEFT JOIN previoustransactionlink p ON p.nextdoc = t.id "
        "LEFT JOIN previoustransactionlink q ON q.nextdoc = p.previousdoc "
        "INNER JOIN transaction o ON o.id = CASE WHEN t.type = 'SalesOrd' THEN t.id "
        "WHEN p.previoustype = 'SalesOrd' THEN p.previousdoc ELSE q.previousdoc END "
        f"WHERE t.type IN ({types}) AND o.type = 'SalesOrd' AND o.externalid IS NOT NULL "
        f"AND (t.lastmodifieddate > {since} OR (t.lastmodifieddate = {since} AND t.id > {position.behind})) "
        "ORDER BY t.lastmodifieddate, t.id"
    )


def lines(documents: Iterable[str], behind: int) -> str:
    """Lines with goods of those documents; the keys of lines are unique over all documents.

    The description of a line is copied to what is made from it; a work order has its item in its main line and no
    description, so that of the sales order's line is taken.
    """
    ids = ", ".join(str(int(one)) for one in documents)
    return (
        "SELECT l.transaction AS document, l.uniquekey AS key, i.externalid AS sku, l.quantity AS quantity, "  # noqa: S608 - numbers only
        "l.quantityshiprecv AS delivered, COALESCE(l.memo, s.memo) AS description, "
        "TO_CHAR(l.expectedshipdate, 'YYYY-MM-DD') AS expected, l.isclosed AS closed "
        "FROM transactionline l "
        "LEFT JOIN item i ON i.id = l.item "
        "LEFT JOIN previoustransactionlinelink k ON k.nextdoc = l.transaction AND k.nextline = l.id "
        "LEFT JOIN transactionline s ON s.transaction = k.previousdoc AND s.id = k.previousline "
        f"WHERE l.transaction IN ({ids}) AND l.item IS NOT NULL AND l.quantity IS NOT NULL AND l.taxline = 'F' "
        f"AND l.uniquekey > {behind} ORDER BY l.uniquekey"
    )


def held(order_ids: Iterable[str]) -> str:
    """Sales orders with these external ids, which have letters, digits, `_` and `-` only."""
    listed = ", ".join(f"'{one}'" for one in order_ids)
    return (
        "SELECT t.id AS id, t.tranid AS number, t.externalid AS order_id, t.foreigntotal AS total, "  # noqa: S608 - checked by the caller
        "c.symbol AS currency FROM transaction t LEFT JOIN currency c ON c.id = t.currency "
        f"WHERE t.type = 'SalesOrd' AND t.externalid IN ({listed}) ORDER BY t.id"
    )


def line_counts(documents: Iterable[str]) -> str:
    """How many lines with goods each of them has."""
    ids = ", ".join(str(int(one)) for one in documents)
    return (
        "SELECT l.transaction AS document, COUNT(l.uniquekey) AS number FROM transactionline l "  # noqa: S608 - numbers only
        f"WHERE l.transaction IN ({ids}) AND l.item IS NOT NULL AND l.quantity IS NOT NULL AND l.taxline = 'F' "
        "GROUP BY l.transaction"
    )


def to_local(micros: int, now: int, zone: ZoneInfo) -> str:
    """From when to read, so that nothing up to `now` is missed.

    When clocks are set back, local times run twice: what changed after it may look older than what changed before.
    So as much as the clocks were set back since is read again.
    """
    then, here = (_at(one).astimezone(zone) for one in (micros, now))
    before, after = then.utcoffset() or timedelta(), here.utcoffset() or timedelta()
    return (then.replace(tzinfo=None) - max(before - after, timedelta())).strftime(_FORM)


def from_local(text: str, zone: ZoneInfo) -> int:
    """The first of two times where clocks were set back in between.  Raises ValueError for what is no time."""
    local = datetime.strptime(text, _FORM).replace(tzinfo=zone)
    return (local - _EPOCH) // timedelta(microseconds=1)


def check_zone(newest: int, now: int, zone: ZoneInfo) -> None:
    """A change in the future is one whose zone is set wrongly.

    Raises:
        ConfigurationError: its message names the setting.
    """
    if newest - now > _FUTURE // timedelta(microseconds=1):
        ahead = (newest - now) // (60 * MICROS)
        raise ConfigurationError(f"NetSuite's changes are {ahead} minutes ahead: time_zone {zone.key} is not its own")


def _at(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
