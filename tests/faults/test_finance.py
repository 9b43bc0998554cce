"""Documents for the books, on real Kafka: lost answers, a killed worker and a closed period leave one of each."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.channels.producer import RecordProducer
from streams.domain.order_id import unified_id
from tests.faults.conftest import MakeOrderSystem
from tests.faults.erps import PATIENCE
from tests.faults.system import SETTLE_S
from tests.processes import Simulated, Worker, call, until

pytestmark = pytest.mark.faults
ERP = "erp.order-event.v1"
FINANCE = "STREAMS_CONNECTORS__REST_FINANCE__"
FEBRUARY = 1_771_200_000_000_000
DAY = 86_400_000_000
Record = dict[str, Any]  # Any: a record of an .avsc


class Books(Simulated):
    """The simulated accounting system as a process."""

    def environ(self) -> dict[str, str]:
        own = {
            "BASE_URL": self.url,
            "AUTH__KIND": "client_credentials",
            "AUTH__CLIENT_ID": "integration",
            "AUTH__CLIENT_SECRET": "simulated-finance-secret-1",
            "SETTLE_S": str(SETTLE_S),
            **PATIENCE,
        }
        return {"STREAMS_ORDERS__FINANCE": "rest_finance", **{f"{FINANCE}{name}": text for name, text in own.items()}}

    @property
    def booked(self) -> dict[str, list[str]]:
        """By the ERP's number of each document: what it comes to, once for every document."""
        found: dict[str, list[str]] = {}
        for one in call(f"{self.url}/_sim/state", timeout=20)["documents"]:
            found.setdefault(one["content"]["document"], []).append(one["amount"])
        return found


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books("rest_finance", tmp_path)
    made.start()
    yield made.wait_ready()
    made.end()


def _invoice(order: Record, amount: str, at: int, event: str) -> Record:
    number = order["number"]
    return {
        "event_id": f"{number}-{event}",
        "source_system": "netsuite",
        "erp_number": f"SO-{number}",
        "order_id": unified_id(order["channel"], number),
        "kind": "INVOICED",
        "document": f"I-{number}",
        "amount": Decimal(amount),
        "effective_at": at,
        "recorded_at": at,
    }


def _view(worker: Worker, order_id: str) -> dict[str, Any]:  # Any: JSON of the page
    found: dict[str, Any] = call(f"{worker.url}/api/v1/orders/{order_id}", timeout=10)["data"]
    return found


def test_every_document_is_booked_once_with_its_last_amount_and_a_closed_period_waits_for_a_person(
    make_order_system: MakeOrderSystem, books: Books
) -> None:
    channels = {"STREAMS_ORDERS__CHANNELS": '["dealer"]'}
    system = make_order_system(overrides={**books.environ(), **channels})
    first = system.worker("a").wait_ready()
    system.place(6)
    system.wait_booked()
    books.seed(settings={"closed_through": "2026-02"})
    books.fault(kind="drop-answer", methods=["PUT"], path="/v1/documents/", times=2)
    late, *others = system.placed
    march = FEBRUARY + 30 * DAY

    said = RecordProducer(system.kafka.bootstrap, system.registry_url, ERP, "erp_number", repeats=1.0)
    said.send([_invoice(one, "10.5", march, "first") for one in others])
    said.send([_invoice(late, "7", FEBRUARY, "late")])
    until(lambda: len(books.booked) >= 2, within=60, what=lambda: f"some are booked\n{first.log[-3000:]}")
    first.kill()
    said.send([_invoice(one, "30.25", march + DAY, "grown") for one in others])
    said.close()
    heir = system.worker("b").wait_ready(60)

    wanted = {f"I-{one['number']}": ["30.25"] for one in others}
    until(lambda: books.booked == wanted, within=90, what=lambda: f"{books.booked}\n{heir.log[-3000:]}")
    late_id = unified_id(late["channel"], late["number"])
    until(
        lambda: bool(_view(heir, late_id)["holds"]),
        within=30,
        what=lambda: f"a person learns of it\n{_view(heir, late_id)}",
    )
    view = _view(heir, late_id)
    assert [one["reason"] for one in view["holds"]] == ["refused-beside"]
    assert view["order_state"] != "held"
    assert "open the period" in system.command("trace", late_id)

    books.seed(settings={"closed_through": None})
    system.command("orders", "release", late_id, "--reason", "period opened", "--yes", "--url", heir.url)
    wanted[f"I-{late['number']}"] = ["7"]
    until(lambda: books.booked == wanted, within=60, what=lambda: f"{books.booked}\n{heir.log[-3000:]}")
    assert _view(heir, late_id)["holds"] == []
