"""What acts write to Kafka: the audit first, then the order; the same act twice has the same ids."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiokafka.errors import KafkaTimeoutError

from connectors.core.errors import LeaseLostError
from schemas.models.inventory import RecountRequest, StockRebase
from schemas.models.operations import Audit, OperatorControl
from streams.app.acts import AppActs
from streams.runtime.writer import Record
from streams.web.acts import ActFailedError, Mandate, Place
from tests.unit.streams.web.worlds import STOCK, WebClock

pytestmark = pytest.mark.anyio

MANDATE = Mandate("act-1", "operator-2 (operate)", "new mapping")


@dataclass
class Lease:
    generation: int = 7


@dataclass
class Log:
    """Stands in for writer and serde: keeps the models."""

    sent: list[tuple[str, bytes | None, Any]] = field(default_factory=list)
    error: Exception | None = None
    models: dict[bytes, msgspec.Struct] = field(default_factory=dict)

    def encode(self, topic: str, model: msgspec.Struct) -> bytes:
        value = topic.encode() + msgspec.json.encode(model)
        self.models[value] = model
        return value

    async def send(self, topic: str, records: list[Record], *, generation: int) -> None:
        assert generation == 7
        if self.error is not None:
            raise self.error
        self.sent += [(topic, record.key, self.models[record.value or b""]) for record in records]


@dataclass
class App:
    """The parts of the application that acts use."""

    log: Log = field(default_factory=Log)
    lease: Lease = field(default_factory=Lease)
    clock: WebClock = field(default_factory=WebClock)

    @property
    def writer(self) -> Log:
        return self.log

    @property
    def serde(self) -> Log:
        return self.log


def app_acts() -> tuple[AppActs, Log]:
    app = App()
    return AppActs(app), app.log  # type: ignore[arg-type]  # the parts that are used


async def test_an_order_is_audited_before_it_is_given() -> None:
    acts, log = app_acts()

    await acts.set_sink("commerce", "paused", "run", MANDATE)

    (audit_topic, _, audit), (order_topic, key, order) = log.sent
    assert (audit_topic, order_topic, key) == ("audit.v1", "operator.control.v1", b"sink/commerce")
    assert isinstance(audit, Audit)
    assert (audit.action, audit.entity, audit.before, audit.after) == ("pause-sink", "commerce", "run", "paused")
    assert (audit.actor, audit.reason) == ("operator-2 (operate)", "new mapping")
    assert isinstance(order, OperatorControl)
    assert (order.key, order.state, order.actor, order.reason) == ("sink/commerce", "paused", audit.actor, audit.reason)


async def test_orders_have_the_keys_and_words_that_workers_follow() -> None:
    acts, log = app_acts()

    await acts.resume(STOCK, MANDATE)
    await acts.accept_gap(STOCK, 5, 88_420, MANDATE)

    orders = [(key, model.state, model.value) for topic, key, model in log.sent if topic == "operator.control.v1"]
    assert orders == [
        (f"intake/{STOCK}".encode(), "open", ""),
        (f"gap/{STOCK}/5".encode(), "accepted", "88420"),
    ]


async def test_a_recount_and_a_rebase_go_to_their_topics_under_the_sku() -> None:
    acts, log = app_acts()

    await acts.recount(Place("PUMP-200", "WMS-01", "ON_HAND"), MANDATE)
    await acts.rebase(Place("PUMP-200", "WMS-01", "ON_HAND"), "131", 190_700_000, MANDATE)

    recount, rebase = log.sent[1], log.sent[3]
    assert (recount[0], recount[1], rebase[0], rebase[1]) == (
        "inventory.recount.v1", b"PUMP-200", "inventory.rebase.v1", b"PUMP-200",
    )  # fmt: skip
    assert isinstance(recount[2], RecountRequest)
    assert (recount[2].reason, recount[2].location_code, recount[2].source_system) == ("OPERATOR", "WMS-01", "")
    assert isinstance(rebase[2], StockRebase)
    assert (rebase[2].quantity, rebase[2].bucket, rebase[2].actor) == (190_700_000, "ON_HAND", MANDATE.actor)


async def test_the_same_act_has_the_same_ids_and_another_act_others() -> None:
    acts, log = app_acts()
    for mandate in (MANDATE, MANDATE, MANDATE._replace(id="act-2")):
        await acts.rebase(Place("A", "L", "ON_HAND"), "1", 2, mandate)

    audits = [model.audit_id for topic, _, model in log.sent if topic == "audit.v1"]
    rebases = [model.rebase_id for topic, _, model in log.sent if topic == "inventory.rebase.v1"]
    assert audits[0] == audits[1] != audits[2]
    assert rebases[0] == rebases[1] != rebases[2]
    assert set(audits).isdisjoint(rebases)


@pytest.mark.parametrize("error", [LeaseLostError("generation 7 is over"), KafkaTimeoutError()])
async def test_what_was_not_taken_is_said_and_nothing_follows_the_audit(error: Exception) -> None:
    acts, log = app_acts()
    log.error = error

    with pytest.raises(ActFailedError):
        await acts.reveal("letter", MANDATE)
    with pytest.raises(ActFailedError):
        await acts.set_sink("commerce", "run", "paused", MANDATE)

    assert log.sent == []
