"""The questions in SuiteQL about items, prices and customers; pure.

Tables and columns: Oracle's Records Catalog as its users show it (README.md says which are to be checked).  Rows are
followed by (time, id), as those of `queries.py`.
"""

from collections.abc import Iterable

from connectors.netsuite.queries import Position

_ORACLE = "YYYY-MM-DD HH24:MI:SS"
NO_GOODS = ("Description", "Discount", "EndGroup", "Markup", "Payment", "ShipItem", "Subtotal", "TaxGroup", "TaxItem")
"""Types of items that no order sells."""


def items(position: Position) -> str:
    """Items with an external id, which is the SKU, changed there or later."""
    types = ", ".join(f"'{one}'" for one in NO_GOODS)
    return (
        "SELECT i.id AS id, i.externalid AS sku, i.isinactive AS inactive, i.saleunit AS unit, "  # noqa: S608 - no value of others
        "BUILTIN.DF(i.saleunit) AS unit_name, i.isspecialworkorderitem AS made, "
        f"TO_CHAR(i.lastmodifieddate, '{_ORACLE}') AS modified "
        f"FROM item i WHERE i.externalid IS NOT NULL AND i.itemtype NOT IN ({types}) "
        f"AND {_behind('i', position)} ORDER BY i.lastmodifieddate, i.id"
    )


def prices(items_asked: Iterable[str], levels: Iterable[str]) -> str:
    """Every price of those items at those levels, first breaks first; the currency by its ISO code."""
    ids = ", ".join(str(int(one)) for one in items_asked)
    wanted = ", ".join(str(int(one)) for one in levels)
    return (
        "SELECT p.item AS item, p.pricelevel AS level, c.symbol AS currency, p.quantity AS quantity, "  # noqa: S608 - numbers only
        "p.unitprice AS price FROM pricing p INNER JOIN currency c ON c.id = p.currency "
        f"WHERE p.item IN ({ids}) AND p.pricelevel IN ({wanted}) AND p.unitprice IS NOT NULL "
        "ORDER BY p.quantity, p.item, p.pricelevel, c.symbol"
    )


def customers(position: Position) -> str:
    """Customers with an external id, which is the account code, changed there or later."""
    return (
        "SELECT c.id AS id, c.externalid AS code, c.isinactive AS inactive, c.creditholdoverride AS hold, "  # noqa: S608 - no value of others
        "c.balancesearch AS balance, c.creditlimit AS credit_limit, c.terms AS terms, "
        "BUILTIN.DF(c.terms) AS terms_name, "
        f"TO_CHAR(c.lastmodifieddate, '{_ORACLE}') AS modified FROM customer c WHERE c.externalid IS NOT NULL "
        f"AND {_behind('c', position)} ORDER BY c.lastmodifieddate, c.id"
    )


def _behind(table: str, position: Position) -> str:
    since = f"TO_DATE('{position.local}', '{_ORACLE}')"
    changed = f"{table}.lastmodifieddate"
    return f"({changed} > {since} OR ({changed} = {since} AND {table}.id > {position.behind}))"
