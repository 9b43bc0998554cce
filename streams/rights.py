"""The rights on Kafka that each kind of process needs, and no others: from what is declared as read and written.

READ and WRITE let a user see the topic, too (Kafka: both imply DESCRIBE), so DESCRIBE is never named.  Changelogs are
named one by one: a prefix would also hold those of another application whose name begins the same.  Nobody but an
operator may create, alter or delete anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple, get_args

from streams.domain.order_checks import ACCOUNTS, PRICES, PRODUCTS
from streams.settings import Settings
from streams.settings.rules import look_up_rules
from streams.tables import (
    ORDER_INTAKE,
    ORDER_NEWS,
    ORDERS,
    SHIPMENT_WORK,
    STOCK_LEDGER,
    STOCK_WRITE,
    TABLES,
    WORK,
    TableSpec,
    changelog,
)
from streams.topics import (
    ACCOUNT,
    AUDIT,
    COMMANDS,
    COMMERCE_ORDER,
    COMMERCE_OUTCOME,
    COMPLETENESS,
    CONTROL,
    DEAD_LETTER,
    DESIRED,
    ORDER_EVENT,
    OUTCOMES,
    POLLED,
    PRICE,
    PRODUCT,
    READ,
    RECOUNT,
    REFERENCE,
    RESERVATION,
    RESERVATION_REQUEST,
    SHIPMENT,
    SOURCE_CURSOR,
    STOCK_WRITTEN,
    TOPICS,
)

Part = Literal["worker", "gateway", "poll", "operator"]
PARTS: tuple[Part, ...] = get_args(Part)
ALWAYS, WITH_ORDERS, WITH_SHOP = "", "orders", "orders to the shop"
WITH_RESERVATIONS = "reservations"
RETRIES = "retries on the pages"
"""Not asked for at the start: without it letters are retried by an operator's own user."""
SHOP = "commerce"
"""The role that the shop plays for orders."""
_SET_UP = ("CREATE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS")
_CHECKED = {PRODUCTS: PRODUCT, PRICES: PRICE, ACCOUNTS: ACCOUNT}


class Right(NamedTuple):
    """One operation (Kafka's name) on one thing; `when` names what it is for, "" where it is always needed."""

    kind: Literal["topic", "group"]
    name: str
    operation: str
    when: str = ALWAYS


def rights_of(part: Part, app_id: str) -> tuple[Right, ...]:
    """Every right that the part can need, in the order of the declarations; one thing's rights stand together."""
    return _each_once(_MADE[part](app_id))


def needed(part: Part, settings: Settings, pollers: Iterable[str] = ()) -> tuple[Right, ...]:
    """Those that this configuration uses; `pollers` are those that will run."""
    used = {ALWAYS, *_used(settings), *(poller_label(name) for name in pollers)}
    return _each_once(right for right in _MADE[part](settings.app_id) if right.when in used)


def by_topic(rights: Iterable[Right]) -> Mapping[str, frozenset[str]]:
    """Topic → what is needed there."""
    found: dict[str, frozenset[str]] = {}
    for right in rights:
        if right.kind == "topic":
            found[right.name] = found.get(right.name, frozenset()) | {right.operation}
    return found


def lacking(rights: Iterable[Right], granted: Mapping[str, frozenset[str]]) -> list[Right]:
    """What is missing on topics that the brokers named with the rights of this user.

    A topic without any right named is one whose brokers do not tell rights: nothing is said of it.
    """
    return [right for right in rights if (held := granted.get(right.name)) and right.operation not in _implied(held)]


def poller_label(name: str) -> str:
    """What a right is for that only one poller needs."""
    return f"poller {name}"


def role_label(role: str) -> str:
    """What a right is for that only orders to one role need."""
    return WITH_SHOP if role == SHOP else f"orders to {role}"


def check_label(table: str) -> str:
    """What a right is for that only checks against one reference table need."""
    return f"checks against {table}"


# ── the parts ────────────────────────────────────────────────────────────────────────────────────


def _worker(app_id: str) -> Iterator[Right]:
    yield Right("group", app_id, "READ")
    yield from _tables(app_id, (STOCK_LEDGER, STOCK_WRITE))
    for topic in STOCK_WRITTEN:
        yield from _on(topic.name, "WRITE")
    for topic in (CONTROL, AUDIT, COMPLETENESS):
        yield from _on(topic.name, "READ", "WRITE")
    yield from _on(DEAD_LETTER.name, "READ", "WRITE", "DESCRIBE_CONFIGS")
    yield from _worker_orders(app_id)
    for topic in READ:
        yield from _on(topic.name, "WRITE", when=RETRIES)


def _worker_orders(app_id: str) -> Iterator[Right]:
    yield from _tables(app_id, (ORDER_INTAKE, ORDER_NEWS, ORDERS), when=WITH_ORDERS)
    yield from _on(ORDER_EVENT.name, "WRITE", when=WITH_ORDERS)
    for role, command in COMMANDS.items():
        when = role_label(role)
        yield from _tables(app_id, (WORK[role],), when=when)
        yield from _on(command.name, "WRITE", when=when)
        yield from _on(OUTCOMES[role].name, "WRITE", when=when)
    yield from _tables(app_id, (SHIPMENT_WORK,), when=WITH_SHOP)
    yield from _on(SHIPMENT.name, "WRITE", when=WITH_SHOP)
    for table, topic in _CHECKED.items():
        yield from _on(topic.name, "READ", when=check_label(table))


def _gateway(_app_id: str) -> Iterator[Right]:
    yield from _on(COMMERCE_ORDER.name, "WRITE", "DESCRIBE_CONFIGS")
    yield from _on(RESERVATION_REQUEST.name, "WRITE", when=WITH_RESERVATIONS)
    for topic in (RESERVATION, DESIRED, COMMERCE_OUTCOME):
        yield from _on(topic.name, "READ", when=WITH_RESERVATIONS)


def _poll(_app_id: str) -> Iterator[Right]:
    yield from _on(SOURCE_CURSOR.name, "READ", "WRITE")
    for name, topic in POLLED.items():
        yield from _on(topic.name, "WRITE", when=poller_label(name))
        if topic == COMMERCE_ORDER or topic in REFERENCE:  # it looks what is there already
            yield from _on(topic.name, "READ", when=poller_label(name))


def _operator(app_id: str) -> Iterator[Right]:
    """Sets topics up, reads all, writes what people order, and retries letters, which go back where they came from."""
    yield Right("group", app_id, "READ")
    written = {topic.name for topic in (*READ, AUDIT, CONTROL, RECOUNT)}
    for topic in TOPICS:
        yield from _on(topic.name, *(("READ", "WRITE") if topic.name in written else ("READ",)), *_SET_UP)
    for table in TABLES:
        yield from _on(changelog(app_id, table), *_SET_UP, "DELETE")


_MADE: Mapping[Part, Callable[[str], Iterator[Right]]] = {
    "worker": _worker,
    "gateway": _gateway,
    "poll": _poll,
    "operator": _operator,
}


# ── inside ───────────────────────────────────────────────────────────────────────────────────────


def _each_once(rights: Iterable[Right]) -> tuple[Right, ...]:
    first: dict[tuple[str, str, str], Right] = {}
    for right in rights:
        first.setdefault(right[:3], right)
    names = list(dict.fromkeys((right.kind, right.name) for right in first.values()))
    return tuple(sorted(first.values(), key=lambda right: names.index((right.kind, right.name))))


def _on(topic: str, *operations: str, when: str = ALWAYS) -> Iterator[Right]:
    return (Right("topic", topic, operation, when) for operation in operations)


def _tables(app_id: str, tables: Iterable[TableSpec], when: str = ALWAYS) -> Iterator[Right]:
    """What feeds the tables, and their changelogs."""
    for table in tables:
        for topic in table.fed_by:
            yield from _on(topic, "READ", "DESCRIBE_CONFIGS", when=when)
        yield from _on(changelog(app_id, table), "READ", "WRITE", "DESCRIBE_CONFIGS", when=when)


def _used(settings: Settings) -> Iterator[str]:
    if settings.gateway.reservations.tokens:
        yield WITH_RESERVATIONS
    orders = settings.orders
    if not orders.erp:
        return
    yield WITH_ORDERS
    named = {role: getattr(orders, role, "") for role in COMMANDS if role != SHOP}
    yield from (role_label(role) for role, connector in named.items() if connector)
    if orders.shop:
        yield WITH_SHOP
    yield from (check_label(table) for table in look_up_rules(orders).tables)


def _implied(granted: frozenset[str]) -> frozenset[str]:
    """ALL is every right; ALTER_CONFIGS lets a user see them (Kafka's own rule)."""
    if "ALL" in granted:
        return granted | {"READ", "WRITE", "CREATE", "DELETE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"}
    return granted | {"DESCRIBE_CONFIGS"} if "ALTER_CONFIGS" in granted else granted
