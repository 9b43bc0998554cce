"""What operators order, read back from the real topics by the next command, and audited."""

from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.catalogue import AUDIT, RECOUNT_REQUEST, STOCK_REBASE
from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.operations import OperatorControl
from streams.runtime.kafka import confluent_options, partition_of
from streams.runtime.operating.places import Partition
from streams.runtime.operating.posting import Outgoing
from tests.integration.cli.desk import Desk

pytestmark = pytest.mark.integration

STOCK = "wms.stock-change.v1"


def _sink(desk: Desk, role: str) -> dict[str, Any]:
    """The role's line of the list; the other roles have one each."""
    lines: list[dict[str, Any]] = desk.json("sinks", "list")
    return next(line for line in lines if line["role"] == role)


def test_a_paused_sink_is_read_back_with_who_why_and_the_way_back(desk: Desk) -> None:
    said = desk.run("sinks", "pause", "commerce", "--reason", "index is rebuilt", "--actor", "tester").stderr
    paused = _sink(desk, "commerce")
    doctor = desk.run("doctor", expect=None).stdout
    desk.run("sinks", "run", "commerce", "--actor", "tester")
    running = _sink(desk, "commerce")

    assert "undo with `commerce-streams sinks run commerce`" in said
    assert (paused["mode"], paused["by"], paused["reason"]) == ("paused", "tester", "index is rebuilt")
    assert "/!\\ orders: sink commerce is paused by tester" in doctor
    assert running["mode"] == "run"
    audits = [one for one in desk.models(AUDIT, "commerce") if one.actor == "tester"]
    assert [(one.action, one.before, one.after) for one in audits] == [
        ("pause-sink", "run", "paused"),
        ("run-sink", "paused", "run"),
    ]


def test_an_intake_that_is_not_paused_is_left_alone_and_one_that_is_is_opened(desk: Desk) -> None:
    assert "nothing to do" in desk.run("resume", "inventory.hold.v1").stderr
    assert desk.models(AUDIT, "inventory.hold.v1") == []

    order = "intake/inventory.hold.v1"
    paused = OperatorControl(key=order, state="paused", actor="guard", reason="100 errors in a row", at=0)
    desk.say("operator.control.v1", order, paused)
    said = desk.run("resume", "inventory.hold.v1").stderr

    assert "paused by guard: 100 errors in a row" in said
    assert "nothing to do" in desk.run("resume", "inventory.hold.v1").stderr
    assert [one.action for one in desk.models(AUDIT, "inventory.hold.v1")] == ["resume-intake"]


def _lose_records(desk: Desk, key: str) -> Partition:
    """The group has read two records of six; the log then begins at the fifth."""
    number = partition_of(key.encode(), 2)
    places = desk.post([Outgoing(STOCK, key.encode(), b"x")] * 6)
    part, first = Partition(STOCK, number), places[0].offset
    desk.brokers.commit(desk.app_id, {part: first + 2})
    admin = AdminClient({**confluent_options(desk.settings.kafka)})
    asked = [TopicPartition(STOCK, number, first + 4)]
    for future in admin.delete_records(asked).values():
        future.result(10)
    return part


def test_a_gap_is_found_accepted_and_answered_with_recounts(desk: Desk) -> None:
    skus = [f"GAP-{number}" for number in range(8)]
    for sku in skus:
        source = SourceQuantity("default", 1_000_000, 1, 1, 1, 0, Cause(STOCK, 0, 0))
        desk.say("inventory.desired.v1", sku, DesiredStock(sku, 1, 1, 0, (source,)))
    part = _lose_records(desk, "GAP-0")

    found = [one for one in desk.json("gaps", "list", expect=1) if one["topic"] == STOCK]
    assert [(one["number"], one["last"] - one["first"], one["accepted"]) for one in found] == [(part.number, 1, None)]
    command = (
        "gaps",
        "accept",
        STOCK,
        str(part.number),
        "--recount",
        "--reason",
        "retention was short",
        "--actor",
        "me",
    )
    desk.run(*command)

    (accepted,) = [one for one in desk.json("gaps", "list") if one["topic"] == STOCK]
    assert accepted["accepted"] == "me: retention was short"
    audits = desk.models(AUDIT, f"{STOCK}/{part.number}")  # of every test that acted on the partition
    assert [one.after for one in audits if one.action == "accept-gap"] == [str(found[0]["last"] + 1)]
    asked = {sku for sku in skus if desk.models(RECOUNT_REQUEST, sku)}
    assert asked == {sku for sku in skus if partition_of(sku.encode(), 2) == part.number}


def test_a_gap_of_a_topic_that_is_not_read_cannot_be_accepted(desk: Desk) -> None:
    assert "audit.v1 is not read here" in desk.run("gaps", "accept", "audit.v1", "0", expect=2).stderr
    assert "has no partition 9" in desk.run("gaps", "accept", STOCK, "9", expect=2).stderr


def test_a_rebase_and_a_recount_are_written_under_the_sku_and_audited(desk: Desk) -> None:
    desk.run("stock", "rebase", "REB-1", "W1", "12.5", "--reason", "counted by hand", "--yes", "--actor", "me")
    desk.run("stock", "recount", "REB-1", "--location", "W1", "--bucket", "ON_HAND", "--actor", "me")

    (rebase,) = desk.models(STOCK_REBASE, "REB-1")
    (recount,) = desk.models(RECOUNT_REQUEST, "REB-1")
    assert (rebase.location_code, rebase.bucket, rebase.quantity) == ("W1", "ON_HAND", 12_500_000)
    assert (rebase.actor, rebase.reason) == ("me", "counted by hand")
    assert (recount.location_code, recount.bucket, recount.reason) == ("W1", "ON_HAND", "OPERATOR")
    assert [one.action for one in desk.models(AUDIT, "REB-1")] == ["rebase-stock", "ask-recount"]


def test_the_shops_orders_are_paused_apart_from_its_stock(desk: Desk) -> None:
    desk.run("sinks", "pause", "commerce-orders", "--actor", "tester")
    modes = (_sink(desk, "commerce-orders")["mode"], _sink(desk, "commerce")["mode"])
    desk.run("sinks", "run", "commerce-orders", "--actor", "tester")

    assert modes == ("paused", "run")
