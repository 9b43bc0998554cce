"""The end of an order's story says what its shipments wait for, and where nobody tells that it is not known."""

import pytest

from streams.cli.trace import SIGNS
from streams.cli.trace_waits import as_row, print_waits, shipment_waits
from streams.cli.worker_client import WorkerClient
from tests.unit.streams.cli.calling import worker
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE
from tests.unit.streams.web.order_worlds import ID, orders
from tests.unit.streams.web.scenes import NO_ONE
from tests.unit.streams.web.test_shipment_words import SHIPPED, shipment
from tests.unit.streams.web.worlds import World


def _world() -> World:
    world = scenes.calm()
    world.orders = orders(SHIPPED, posting={ID: (shipment(mode="paused"),)})
    return world


def test_a_running_worker_tells_what_a_shipment_waits_for_and_since_when(capsys: pytest.CaptureFixture[str]) -> None:
    with worker(_world()) as url:
        waiting = shipment_waits(WorkerClient(url, OPERATE), ID)
    print_waits(waiting, SIGNS)

    out = capsys.readouterr().out
    assert "/!\\ shipment SHP-1 is not in the shop since 2026-11-21T02:13:07" in out
    assert "The sink is in mode paused" in out
    assert "commerce.shipment.v1-0-7" in out


def test_the_row_has_what_the_rows_of_the_story_have() -> None:
    with worker(_world()) as url:
        [one] = shipment_waits(WorkerClient(url, OPERATE), ID)

    row = as_row(one, "2026-11-21T02:14:07Z")
    assert set(row) == {
        "at", "kind", "state", "text", "detail", "system", "place", "part", "causes", "about",
    }  # fmt: skip
    assert (row["kind"], row["state"], row["part"]) == ("waits", "attention", "SHP-1")


def test_without_a_worker_the_story_stands_and_says_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert shipment_waits(WorkerClient(NO_ONE, OPERATE), ID) == []
    assert "whether a shipment waits is not known: no worker answers" in capsys.readouterr().err
