"""`gaps` against brokers: what was lost is named, and nothing but a person's word goes on without it."""

import pytest

from schemas.catalogue import AUDIT, OPERATOR_CONTROL, RECOUNT_REQUEST
from schemas.models.desired_stock import DesiredStock
from streams.runtime.kafka import partition_of
from streams.runtime.operating.gap_list import gap_key
from streams.runtime.operating.places import Partition
from streams.tables import STOCK_LEDGER, changelog
from streams.web import facts as f
from tests.integration.cli.desk import Desk
from tests.unit.streams.cli.calling import one_line, worker
from tests.unit.streams.web import scenes

STOCK, DESIRED = "wms.stock-change.v1", "inventory.desired.v1"
LOST = f.GapFact(STOCK, 3, 88, 90)


def test_without_gaps_the_list_is_empty_and_exit_code_0(desk: Desk) -> None:
    shown = desk.run("gaps", "list")

    assert shown.stdout == ""
    assert "no gap: every record of the logs was read" in shown.stderr
    assert desk.json("gaps", "list") == []


def test_a_gap_that_a_worker_met_is_listed_until_it_is_accepted(desk: Desk) -> None:
    with worker(scenes.calm_but(gaps=(LOST,))) as url:
        shown = desk.run("gaps", "list", expect=1, STREAMS_WEB__ADVERTISED_URL=url)

    assert shown.stdout.splitlines()[1].split() == [STOCK, "3", "88", "90", "3", "–"]


def test_what_a_person_accepted_is_an_order_and_an_audit_in_his_name(desk: Desk) -> None:
    desk.run("gaps", "accept", STOCK, "2", "--yes", "--reason", "disk lost", "--actor", "ann")

    [order] = desk.models(OPERATOR_CONTROL, gap_key(Partition(STOCK, 2)))
    assert (order.state, order.value, order.actor, order.reason) == ("accepted", "0", "ann", "disk lost")
    [audit] = desk.models(AUDIT, f"{STOCK}/2")
    assert (audit.action, audit.before, audit.after, audit.actor) == ("accept-gap", None, "0", "ann")


def test_what_is_accepted_is_said_with_the_records_that_count_as_lost(desk: Desk) -> None:
    with worker(scenes.calm_but(gaps=(LOST,))) as url:
        shown = desk.run("gaps", "accept", STOCK, "3", "--yes", STREAMS_WEB__ADVERTISED_URL=url)

    assert "offsets 88 to 90 (3 records) count as lost" in shown.stderr
    [audit] = desk.models(AUDIT, f"{STOCK}/3")
    assert audit.before == "88-90"


def _snapshot(sku: str) -> DesiredStock:
    return DesiredStock(sku, 1, 1, 1, ())


def test_a_recount_is_asked_for_every_sku_of_the_partition_and_no_other(desk: Desk) -> None:
    skus = [f"PUMP-{number}" for number in range(20)]
    for sku in (*skus, skus[0]):
        desk.say(DESIRED, sku, _snapshot(sku))

    shown = desk.run("gaps", "accept", STOCK, "1", "--recount", "--yes")

    wanted = {sku for sku in skus if partition_of(sku.encode(), 4) == 1}
    asked = {sku: desk.models(RECOUNT_REQUEST, sku) for sku in skus}
    assert wanted
    assert {sku for sku, found in asked.items() if found} == wanted
    assert all([one.reason for one in asked[sku]] == ["GAP"] for sku in wanted)
    assert f"{len(wanted)} recounts asked on {RECOUNT_REQUEST.topic}" in shown.stderr


def test_the_recount_names_an_item_as_its_warehouse_does(desk: Desk) -> None:
    desk.say(DESIRED, "PUMP-1", _snapshot("PUMP-1"))
    number = partition_of(b"4711", 4)

    desk.run("gaps", "accept", STOCK, str(number), "--recount", "--yes",
             STREAMS_INVENTORY__ITEMS='{"4711": "PUMP-1"}')  # fmt: skip

    assert [one.sku for one in desk.models(RECOUNT_REQUEST, "4711")] == ["4711"]


def test_what_no_recount_brings_back_is_said(desk: Desk) -> None:
    shown = desk.run("gaps", "accept", "inventory.hold.v1", "0", "--recount", "--yes")

    assert "no recount brings back what inventory.hold.v1 held" in shown.stderr
    assert "0 recounts asked" in shown.stderr


def test_a_changelog_of_ours_can_have_a_gap_too(desk: Desk) -> None:
    topic = changelog(desk.app_id, STOCK_LEDGER)

    desk.run("gaps", "accept", topic, "0", "--yes")

    assert [one.state for one in desk.models(OPERATOR_CONTROL, gap_key(Partition(topic, 0)))] == ["accepted"]


@pytest.mark.parametrize(
    ("topic", "partition", "said"),
    [("somebody.elses.v1", "0", "somebody.elses.v1 is not read here"), (STOCK, "9", f"{STOCK} has no partition 9")],
)
def test_what_is_not_read_here_is_refused_and_nothing_is_written(
    desk: Desk, topic: str, partition: str, said: str
) -> None:
    assert said in one_line(desk.run("gaps", "accept", topic, partition, "--yes", expect=2))
    assert desk.records(OPERATOR_CONTROL.topic) == []
