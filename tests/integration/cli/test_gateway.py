"""The gateway as a process before real Kafka: what it answered with 2xx is on the topic, whatever is killed."""

import json
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from confluent_kafka import KafkaException

from schemas.catalogue import COMMERCE_ORDER
from schemas.example_records import example_record
from schemas.models.order import Order
from simulators.local_stack import LocalStack
from simulators.local_stack.child import Child
from streams.runtime.clock import SystemClock
from streams.runtime.kafka import partition_of
from tests.integration.cli.desk import Desk
from tests.processes import Process, free_port, until
from tests.unit.streams.sources.senders import body, signed, whsec

pytestmark = pytest.mark.integration

TOPIC = COMMERCE_ORDER.topic
SECRETS = json.dumps({"web": [whsec("web")], "dealer": [whsec("dealer")]})


class Answer(NamedTuple):
    """A whole answer; status 0 where the connection broke off."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:  # Any: whatever stands in it
        return json.loads(self.text)


class Gateway(Process):
    """`python -m streams gateway` with a port of its own."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.port = free_port()
        own = {"STREAMS_GATEWAY__PORT": str(self.port), "STREAMS_GATEWAY__SECRETS": SECRETS}
        super().__init__([sys.executable, "-m", "streams", "gateway"], folder / "gateway.log", {**environ, **own})

    def wait_ready(self, within: float = 40) -> "Gateway":
        until(lambda: self.get("/readyz").status == 200 or not self.running, within=within, what=lambda: self.log)
        assert self.running, self.log
        return self

    def get(self, path: str) -> Answer:
        return _ask(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def send(self, content: bytes, channel: str = "web") -> Answer:
        headers = signed(content, channel, at=SystemClock().now())
        address = f"http://127.0.0.1:{self.port}/v1/orders/{channel}"
        return _ask(urllib.request.Request(address, data=content, headers=headers, method="POST"))


def _ask(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read().decode())
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, dict(refused.headers), refused.read().decode())
    except OSError as error:
        return Answer(0, {}, repr(error))


@pytest.fixture
def start_gateway(desk: Desk, tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Ready; `changes` are its settings beside the desk's."""
    started: list[Gateway] = []

    def start(**changes: str) -> Gateway:
        started.append(Gateway(tmp_path, {**desk.environ, "STREAMS_GATEWAY__APPEND_S": "2", **changes}))
        started[-1].start()
        return started[-1].wait_ready()

    yield start
    for one in started:
        one.end()


@pytest.fixture
def broker(stack: LocalStack) -> Iterator[Child]:
    """To be stopped as it stands (SIGSTOP); it goes on after the test."""
    found = stack.kafka.brokers[0].child
    yield found
    found.signal(signal.SIGCONT)


def numbered(prefix: str, number: int) -> bytes:
    return body(event_id=f"{prefix}-{number}", number=f"{prefix}-{number}")


def send_until_taken(gateway: Gateway, content: bytes) -> None:
    """As the sender of a webhook does."""
    until(lambda: gateway.send(content).status in {200, 202}, within=30, what=lambda: gateway.log)


def events(desk: Desk, number: str) -> list[str]:
    """The event ids under a number; a broker that comes back may need some time until it can be read."""
    found: list[str] = []

    def read() -> bool:
        try:
            found[:] = [one.event_id for one in desk.models(COMMERCE_ORDER, number)]
        except KafkaException:
            return False
        return True

    until(read, within=30, what="the topic can be read", step=0.5)
    return found


def test_the_record_on_the_topic_is_the_order_that_was_sent(desk: Desk, start_gateway: Callable[..., Gateway]) -> None:
    text = COMMERCE_ORDER.examples["configured"]
    sent = msgspec.convert(example_record(COMMERCE_ORDER.schema, text), Order)
    gateway = start_gateway()

    answer = gateway.send(text.encode())
    again = gateway.send(text.encode())

    assert (answer.status, again.status) == (202, 200), answer.text
    assert again.json == {**answer.json, "duplicate": True}
    assert desk.models(COMMERCE_ORDER, sent.number) == [sent]
    (record,) = [one for one in desk.records(TOPIC) if one.key == sent.number.encode()]
    assert (answer.json["topic"], answer.json["partition"], answer.json["offset"]) == (
        TOPIC,
        record.partition,
        record.offset,
    )
    assert record.partition == partition_of(sent.number.encode(), 2)
    assert (record.header("ce_id"), record.header("correlation-id")) == (sent.event_id, f"web-{sent.number}")
    assert 'streams_gateway_duplicates_total{channel="web"} 1.0' in gateway.get("/metrics").text
    assert gateway.stop(15) == 0
    assert '"event": "gateway-stopped"' in gateway.log
    assert sent.customer.email not in gateway.log


def test_nothing_that_is_refused_reaches_the_topic(desk: Desk, start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    number = "REFUSED-1"
    forged = body(number=number, channel="dealer")

    assert gateway.send(forged, "web").status == 400
    assert gateway.send(body(number=number, lines=[])).status == 400
    assert gateway.send(b" " * 300_000).status == 413
    assert events(desk, number) == []


def test_while_kafka_is_away_orders_are_asked_for_again_and_none_is_lost(
    desk: Desk, start_gateway: Callable[..., Gateway], stack: LocalStack
) -> None:
    gateway = start_gateway()
    assert gateway.send(numbered("AWAY", 0)).status == 202

    stack.kafka.kill(1)
    try:
        refused = [gateway.send(numbered("AWAY", number)) for number in range(1, 4)]
        until(lambda: gateway.get("/readyz").status == 503, within=30, what="readiness fails")
        away = gateway.get("/readyz").json
    finally:
        stack.kafka.restart_node(1)

    assert [(one.status, one.headers["Retry-After"]) for one in refused] == [(503, "5")] * 3
    assert "brokers do not answer" in away["reasons"][0]["what"]
    gateway.wait_ready()
    for number in range(4):
        send_until_taken(gateway, numbered("AWAY", number))
        assert set(events(desk, f"AWAY-{number}")) == {f"AWAY-{number}"}
    assert len(events(desk, "AWAY-0")) == 1
    assert gateway.stop(15) == 0


def test_an_acknowledgement_that_does_not_come_in_time_is_asked_for_again(
    desk: Desk, start_gateway: Callable[..., Gateway], broker: Child
) -> None:
    gateway = start_gateway()
    assert gateway.send(numbered("LATE", 0)).status == 202

    broker.signal(signal.SIGSTOP)
    late = gateway.send(numbered("LATE", 1))
    broker.signal(signal.SIGCONT)

    assert (late.status, late.headers.get("Retry-After")) == (503, "5"), late
    send_until_taken(gateway, numbered("LATE", 1))
    assert gateway.send(numbered("LATE", 2)).status == 202
    assert set(events(desk, "LATE-1")) == {"LATE-1"}  # once or twice: nobody can know
    assert events(desk, "LATE-2") == ["LATE-2"]


def test_a_stop_answers_what_is_under_way(desk: Desk, start_gateway: Callable[..., Gateway], broker: Child) -> None:
    gateway = start_gateway(STREAMS_GATEWAY__APPEND_S="30")
    assert gateway.send(numbered("STOP", 0)).status == 202

    with ThreadPoolExecutor(1) as sender:
        broker.signal(signal.SIGSTOP)
        under_way: Future[Answer] = sender.submit(gateway.send, numbered("STOP", 1))
        until(lambda: "inflight_requests 1.0" in gateway.get("/metrics").text, within=10, what="it is under way")
        gateway.signal(signal.SIGTERM)
        broker.signal(signal.SIGCONT)  # at once: after some seconds the cluster would take it for dead
        answer = under_way.result(20)

    assert answer.status == 202, f"{answer.text}\n{gateway.log}"
    assert gateway.wait(15) == 0
    assert events(desk, "STOP-1") == ["STOP-1"]


def test_what_was_answered_before_a_kill_is_on_the_topic_and_a_repeat_carries_the_same_id(
    desk: Desk, start_gateway: Callable[..., Gateway]
) -> None:
    gateway, answered = start_gateway(), []

    with ThreadPoolExecutor(4) as senders:
        sent = [senders.submit(gateway.send, numbered("KILL", number)) for number in range(40)]
        until(lambda: sum(one.done() for one in sent) >= 10, within=30, what="some are answered")
        gateway.kill()
        answered = [number for number, one in enumerate(sent) if one.result(60).status == 202]
    found = {one.key: one for one in desk.records(TOPIC)}
    heir = start_gateway()
    repeated = heir.send(numbered("KILL", answered[0]))

    assert len(answered) >= 10
    assert [number for number in answered if f"KILL-{number}".encode() not in found] == []
    assert repeated.status == 202  # its memory is its own; the flow knows the id
    assert events(desk, f"KILL-{answered[0]}") == [f"KILL-{answered[0]}"] * 2
