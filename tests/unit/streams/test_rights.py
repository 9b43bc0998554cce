"""The list of rights against what the code reads and writes; tests/proofs/least_privilege.py tries it on brokers."""

from collections.abc import Mapping

import pytest

from streams.app import application, order_side
from streams.rights import PARTS, Right, by_topic, lacking, needed, rights_of
from streams.settings import Settings, read_settings
from streams.tables import STOCK_LEDGER, STOCK_WRITE, TABLES, changelog
from streams.topics import COMMERCE_ORDER, CONTROL, DEAD_LETTER, POLLED, READ, REFERENCE, TOPICS
from tests.unit.streams.cli.calling import SETTINGS

APP = "commerce-streams"
ORDERS = {f"STREAMS_ORDERS__{role}": "rest_books" for role in ("ERP", "WMS", "CRM", "CARRIER", "FINANCE")}
CHECKS = {"STREAMS_ORDERS__CHECKS": '["sku-known", "price-current", "customer-known"]'}
SAID_BY_OTHERS = {
    "wms.stock-change.v1",
    "wms.snapshot.v1",
    "wms.fulfilment-event.v1",
    "erp.order-event.v1",
    "carrier.event.v1",
    "commerce.order.v1",
    "commerce.return.v1",
    *(topic.name for topic in REFERENCE),
}


def settings(**changes: str) -> Settings:
    return read_settings({**SETTINGS, **changes})


def may(part: str, operation: str, **changes: str) -> set[str]:
    rights = needed(part, settings(**changes))  # type: ignore[arg-type]  # one of the four
    return {right.name for right in rights if right.kind == "topic" and right.operation == operation}


def own(*tables: str) -> set[str]:
    return {f"{APP}-{table}-changelog" for table in tables}


def test_a_worker_may_write_what_it_encodes_and_its_letters_and_tables_and_nothing_else() -> None:
    tables = {changelog(APP, table) for table in (STOCK_LEDGER, STOCK_WRITE)}

    assert may("worker", "WRITE") == {*application.WRITTEN, DEAD_LETTER.name, *tables}
    assert may("worker", "WRITE", **ORDERS) == {
        *application.WRITTEN,
        *order_side.WRITTEN,
        DEAD_LETTER.name,
        *(changelog(APP, table) for table in TABLES),
    }


def test_a_worker_may_read_every_input_that_it_is_set_up_for() -> None:
    stock = {*STOCK_LEDGER.fed_by, *STOCK_WRITE.fed_by}
    always = {CONTROL.name, DEAD_LETTER.name, "audit.v1", "completeness.page.v1"}

    assert may("worker", "READ") == stock | always | own("stock-ledger", "stock-write")
    everything = may("worker", "READ", **ORDERS, **CHECKS)
    assert {topic.name for topic in (*READ, *REFERENCE)} <= everything


def test_a_worker_may_not_write_what_only_others_say() -> None:
    assert may("worker", "WRITE", **ORDERS, **CHECKS) & SAID_BY_OTHERS == set()


def test_what_a_retry_on_a_page_would_write_is_listed_apart_and_not_asked_for() -> None:
    apart = {right.name for right in rights_of("worker", APP) if right.when == "retries on the pages"}

    assert apart == SAID_BY_OTHERS - {topic.name for topic in REFERENCE}


def test_a_role_that_nobody_plays_needs_no_right() -> None:
    only_erp = {"STREAMS_ORDERS__ERP": "netsuite", "STREAMS_ORDERS__SHOP": "false"}

    written = may("worker", "WRITE", **only_erp)

    assert "erp.command.v1" in written
    assert not {"wms.command.v1", "crm.outcome.v1", "commerce.command.v1", "commerce.shipment.v1"} & written
    assert own("wms-work", "shipment-work") & written == set()


def test_a_table_of_the_erp_is_read_only_where_a_check_needs_it() -> None:
    only = {"STREAMS_ORDERS__ERP": "netsuite", "STREAMS_ORDERS__CHECKS": '["price-current"]'}

    assert may("worker", "READ", **only) & {topic.name for topic in REFERENCE} == {"erp.price.v1"}


@pytest.mark.parametrize("part", PARTS)
def test_only_an_operator_may_create_alter_or_delete(part: str) -> None:
    operations = {right.operation for right in rights_of(part, APP)}  # type: ignore[arg-type]  # as above
    makes = {"CREATE", "ALTER_CONFIGS", "DELETE"}

    assert operations & makes == (makes if part == "operator" else set())
    assert operations <= {"READ", "WRITE", "DESCRIBE_CONFIGS", *makes}


def test_nothing_is_named_by_a_prefix_or_a_star() -> None:
    """A prefix of one application's changelogs could be the whole name of another's."""
    known = {topic.name for topic in TOPICS} | {changelog(APP, table) for table in TABLES}

    for part in PARTS:
        rights = rights_of(part, APP)
        assert set(by_topic(rights)) <= known
        assert {right.name for right in rights if right.kind == "group"} <= {APP}


def test_the_gateway_may_append_orders_and_nothing_else() -> None:
    assert by_topic(needed("gateway", settings())) == {COMMERCE_ORDER.name: {"WRITE", "DESCRIBE_CONFIGS"}}


def test_a_gateway_that_answers_reservations_asks_on_one_topic_and_reads_three() -> None:
    tokens = {"STREAMS_GATEWAY__RESERVATIONS__TOKENS": '{"pos": ["0123456789-0123456789-0123"]}'}

    assert by_topic(needed("gateway", settings(**tokens))) == by_topic(rights_of("gateway", APP))
    assert by_topic(rights_of("gateway", APP)) == {
        COMMERCE_ORDER.name: {"WRITE", "DESCRIBE_CONFIGS"},
        "inventory.reservation-request.v1": {"WRITE"},
        "inventory.reservation.v1": {"READ"},
        "inventory.desired.v1": {"READ"},
        "commerce.outcome.v1": {"READ"},
    }


@pytest.mark.parametrize("poller", POLLED)
def test_a_poller_writes_its_own_topic_and_how_far_it_read(poller: str) -> None:
    rights = needed("poll", settings(), [poller])

    written = {right.name for right in rights if right.operation == "WRITE"}
    assert written == {"source.cursor.v1", POLLED[poller].name}


def test_each_right_is_listed_once_and_a_things_rights_stand_together() -> None:
    for part in PARTS:
        rights = rights_of(part, APP)
        names = [right.name for right in rights]
        assert len({right[:3] for right in rights}) == len(rights)
        assert len(dict.fromkeys(names)) == sum(a != b for a, b in zip(names, [*names[1:], ""], strict=True))


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ({"a": {"READ", "DESCRIBE"}}, ["WRITE"]),
        ({"a": {"ALL"}}, []),
        ({"a": {"READ", "WRITE"}}, []),
        ({"a": set()}, []),  # brokers that do not tell
        ({}, []),  # a topic that is not there is said in other words
    ],
)
def test_what_is_missing_is_told_operation_by_operation(granted: Mapping[str, set[str]], missing: list[str]) -> None:
    rights = [Right("topic", "a", "READ"), Right("topic", "a", "WRITE")]
    held = {name: frozenset(operations) for name, operations in granted.items()}

    assert [right.operation for right in lacking(rights, held)] == missing


def test_a_user_who_may_alter_settings_may_see_them() -> None:
    assert lacking([Right("topic", "a", "DESCRIBE_CONFIGS")], {"a": frozenset({"ALTER_CONFIGS"})}) == []
