"""Topics, schemas and the doctor on a real broker and a real registry."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from schemas.catalogue import ACCOUNT, INVENTORY_HOLD
from streams.app.diagnosis import reference
from streams.runtime.clock import SystemClock
from streams.runtime.operating.places import Partition
from streams.runtime.operating.posting import Outgoing
from streams.settings import read_settings
from streams.tables import TABLES
from streams.topics import TOPICS
from tests.integration.cli.desk import Desk

pytestmark = pytest.mark.integration


def test_topics_applied_twice_change_nothing_the_second_time(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("applied-twice")
    planned = desk.json("topics", "apply", "--dry-run")["changes"]
    assert {"topic": "applied-twice-stock-ledger-changelog", "what": "create", "detail": "2 partitions"} in planned
    assert "applied-twice-stock-ledger-changelog" not in desk.brokers.topic_names()

    desk.run("topics", "apply")
    again = desk.run("topics", "apply")

    assert again.stdout == f"all {len(TOPICS) + len(TABLES)} topics are as they should be\n"
    assert "applied-twice-stock-ledger-changelog" in desk.brokers.topic_names()


def test_a_setting_that_somebody_changed_is_set_right(desk: Desk) -> None:
    topic = f"{desk.app_id}-stock-write-changelog"
    desk.brokers.set_config(topic, {"cleanup.policy": "delete"})

    changed = desk.json("topics", "apply")["changes"]

    assert changed == [{"topic": topic, "what": "set", "detail": "cleanup.policy=compact"}]
    assert desk.brokers.topics([topic])[topic].config["cleanup.policy"] == "compact"


def test_another_number_of_partitions_is_refused_with_the_way_out(desk: Desk) -> None:
    refused = desk.run("topics", "apply", expect=1, STREAMS_KAFKA__PARTITIONS="3")

    assert "wms.stock-change.v1 has 2 partitions, 3 are wanted" in refused.stderr
    assert desk.brokers.partitions("wms.stock-change.v1") == [Partition("wms.stock-change.v1", n) for n in (0, 1)]


def test_an_incompatible_schema_is_reported_by_field_and_not_registered(desk: Desk) -> None:
    subject = INVENTORY_HOLD.subject
    fields: list[dict[str, Any]] = json.loads(INVENTORY_HOLD.schema_text)["fields"]
    other = {**json.loads(INVENTORY_HOLD.schema_text), "fields": [_as_text(one, "revision") for one in fields]}
    with SchemaRegistryClient({"url": desk.settings.schema_registry.url}) as registry:
        registry.delete_subject(subject)
        registry.delete_subject(subject, permanent=True)
        registry.register_schema(subject, Schema(json.dumps(other), "AVRO"))
        try:
            found = {row["subject"]: row for row in desk.json("schemas", "apply", expect=1)}
            latest = registry.get_latest_version(subject).version
        finally:
            registry.delete_subject(subject)
            registry.delete_subject(subject, permanent=True)
            desk.run("schemas", "apply")

    assert found[subject]["state"] == "incompatible"
    assert "revision" in found[subject]["detail"]
    assert [row["state"] for row in found.values()].count("incompatible") == 1
    assert latest == 1


def _as_text(field: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**field, "type": "string"} if field["name"] == name else dict(field)


def test_the_doctor_finds_nothing_wrong_where_everything_is_there(desk: Desk) -> None:
    found = desk.json("doctor")

    verdicts = {(one["name"], one["verdict"]) for one in found}
    assert {verdict for _name, verdict in verdicts} == {"ok", "warn"}
    assert {name for name, verdict in verdicts if verdict == "warn"} <= {"group", "disk"}
    assert {"brokers", "topics", "rights", "registry", "schemas", "orders", "target", "clock"} <= {
        name for name, _verdict in verdicts
    }


def test_the_doctor_says_whether_what_orders_are_checked_against_is_fed(desk: Desk) -> None:
    changes = {"STREAMS_ORDERS__ERP": "netsuite", "STREAMS_ORDERS__CHECKS": '["credit", "address-valid"]'}
    settings = read_settings({**desk.environ, **changes})

    [empty] = reference.fed(settings, desk.brokers, SystemClock())
    assert (empty.verdict, "STREAMS_ORDERS__CHECKS" in empty.advice) == ("warn", True)
    assert empty.what == "crm.account.v1 is empty: orders that are checked against it are held"
    desk.post([Outgoing(ACCOUNT.topic, b"ACC-1", b"anything")])
    [fed] = reference.fed(settings, desk.brokers, SystemClock())
    assert fed.verdict == "ok"
    assert fed.what.startswith("crm.account.v1 has 1 record, the newest of ")
    assert list(reference.fed(desk.settings, desk.brokers, SystemClock())) == []


def test_the_doctor_names_each_thing_that_is_broken_and_what_to_do(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("broken")
    changes = {
        "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__PASSWORD": "canary-wrong-9b2c",
        "STREAMS_SCHEMA_REGISTRY__URL": "http://127.0.0.1:1",
        "STREAMS_DATA_DIR": "/proc/version/data",
    }

    shown = desk.run("doctor", expect=1, **changes).stdout

    assert (
        f"(x) topics: {len(TABLES)} of {len(TOPICS) + len(TABLES)} are missing: broken-stock-ledger-changelog" in shown
    )
    assert "Run `commerce-streams topics apply`." in shown
    assert "(x) registry: it does not answer" in shown
    assert "(?) schemas: not looked at: the registry does not answer" in shown
    assert "(x) target: adobe_commerce: " in shown
    assert "(v) brokers: 1 answer" in shown
    assert "(x) data directory: " in shown
    assert "canary-wrong-9b2c" not in shown
