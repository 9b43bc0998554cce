"""Questions in SOQL whose answers do not depend on what an order says: values are literals, never text of a query."""
# ruff: noqa: S608 - that is what `literal` is for

from collections.abc import Iterator, Sequence

from connectors.salesforce.wire import EXTERNAL_ID

# A query stands in an address; Salesforce takes 16,384 bytes of it, proxies often 8,000.
MOST_BYTES = 3000
_ESCAPED = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"}


def literal(text: str) -> str:
    return "'" + "".join(_ESCAPED.get(sign, sign) for sign in text) + "'"


def account(key: str) -> str:
    return f"SELECT Id FROM Account WHERE {EXTERNAL_ID} = {literal(key)}"


def order(order_id: str) -> str:
    return f"SELECT Id, StatusCode FROM Order WHERE {EXTERNAL_ID} = {literal(order_id)}"


def held(order_ids: Sequence[str]) -> str:
    listed = ", ".join(literal(one) for one in order_ids)
    return f"SELECT Id, {EXTERNAL_ID} FROM Order WHERE {EXTERNAL_ID} IN ({listed})"


def lines_of(order_records: Sequence[str]) -> str:
    """Lines of ours: others may be added by hand."""
    listed = ", ".join(literal(one) for one in order_records)
    return f"SELECT OrderId FROM OrderItem WHERE OrderId IN ({listed}) AND {EXTERNAL_ID} != null"


def items(order_record: str) -> str:
    return f"SELECT {EXTERNAL_ID} FROM OrderItem WHERE OrderId = {literal(order_record)}"


def entries(price_book_id: str, skus: Sequence[str], currency: str | None) -> str:
    money = f" AND CurrencyIsoCode = {literal(currency)}" if currency else ""
    listed = ", ".join(literal(sku) for sku in skus)
    return (
        "SELECT Id, Product2.ProductCode FROM PricebookEntry"
        f" WHERE Pricebook2Id = {literal(price_book_id)} AND IsActive = true{money}"
        f" AND Product2.ProductCode IN ({listed})"
    )


def changed_accounts(since: str, behind: str, limit: int) -> str:
    """Accounts that an order can name, changed then (ISO 8601) or later; with `behind`, of that time those behind it.

    Salesforce sorts ids as it compares them.
    """
    later = f"SystemModstamp >= {since}"
    if behind:
        later = f"(SystemModstamp > {since} OR (SystemModstamp = {since} AND Id > {literal(behind)}))"
    return (
        f"SELECT Id, {EXTERNAL_ID}, AccountNumber, Commerce_Credit__c, Commerce_Terms__c, Commerce_Cost_Centre__c,"
        " Commerce_Needs_Approval__c, SystemModstamp FROM Account"
        f" WHERE ({EXTERNAL_ID} != null OR AccountNumber != null) AND {later}"
        f" ORDER BY SystemModstamp, Id LIMIT {limit}"
    )


def any_order() -> str:
    """Proves address, credential, and that the fields of README.md are there."""
    return f"SELECT {EXTERNAL_ID}, Commerce_Status__c, Commerce_Expected_At__c FROM Order LIMIT 1"


def portions(skus: Sequence[str]) -> Iterator[list[str]]:
    """So many at a time as fit into one address, at most three bytes of it for each byte of a SKU."""
    portion: list[str] = []
    size = 0
    for sku in skus:
        cost = 3 * len(literal(sku).encode()) + 6
        if portion and size + cost > MOST_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(sku)
        size += cost
    if portion:
        yield portion
