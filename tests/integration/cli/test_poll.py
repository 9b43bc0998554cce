"""The poll as a process between a shop and real Kafka: what events missed is found, whatever is killed."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import KafkaException

from schemas.catalogue import COMMERCE_ORDER, SOURCE_CURSOR
from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from streams.runtime.clock import SystemClock
from streams.runtime.operating.log_reader import LogRecord
from tests.integration.cli.desk import Desk
from tests.processes import Process, Shop, call, free_port, until

pytestmark = pytest.mark.integration

TOPIC = COMMERCE_ORDER.topic
BUYER = "buyer-of-the-poll@example.com"
WITHIN = 60.0


class Poll(Process):
    """`python -m streams poll` with a port of its own."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.port = free_port()
        own = {"STREAMS_POLL__PORT": str(self.port)}
        super().__init__([sys.executable, "-m", "streams", "poll"], folder / "poll.log", {**environ, **own})

    def get(self, path: str) -> str:
        """The body, whatever the status; "" where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""

    def metric(self, name: str) -> float:
        sample = f'streams_poll_{name}{{poller="commerce-orders"}} '
        found = [line for line in self.get("/metrics").splitlines() if line.startswith(sample)]
        return float(found[0].split()[-1]) if found else 0.0

    def wait_ready(self) -> "Poll":
        until(lambda: '"ready":true' in self.get("/readyz") or not self.running, within=WITHIN, what=lambda: self.log)
        assert self.running, self.log
        return self


@pytest.fixture
def polling(desk: Desk) -> Iterator[Desk]:
    """The desk's settings, with short times and small pages."""
    own = {
        "STREAMS_POLL__INTERVAL_S": "1",
        "STREAMS_POLL__OVERLAP_S": "10",
        "STREAMS_POLL__GAP_AFTER_S": "10",
        "STREAMS_POLL__SINCE": SystemClock().now().isoformat(timespec="seconds"),
        "STREAMS_CONNECTORS__ADOBE_COMMERCE__PAGE_SIZE": "5",
    }
    made = Desk({**desk.environ, **own})
    yield made
    made.close()


@pytest.fixture
def start_poll(polling: Desk, tmp_path: Path) -> Iterator[Callable[..., Poll]]:
    started: list[Poll] = []

    def start(*, is_ready: bool = True, **changes: str) -> Poll:
        started.append(Poll(tmp_path, {**polling.environ, **changes}))
        started[-1].start()
        return started[-1].wait_ready() if is_ready else started[-1]

    yield start
    for one in started:
        one.end()


def place(shop: Shop, number: str) -> str:
    body = {
        "website": "b2b",
        "force": True,
        "increment_id": number,
        "items": [{"sku": "PUMP-P100", "qty": 1, "price": 100}],
        "customer": {"email": BUYER},
    }
    shown = call(f"{shop.url}/_sim/orders", method="POST", body=body)
    return str(shown["increment_id"])


def event(desk: Desk, number: str) -> None:
    """The event of this order arrives, in the words of whoever sends it."""
    now = SystemClock().micros()
    said = Order(
        event_id=f"event-of-{number}",
        source_system="io-events",
        channel="web",
        number=number,
        currency="USD",
        placed_at=now,
        updated_at=now,
        customer=Customer(),
        billing=Address(country="US"),
        lines=(OrderLine(line_id="1", sku="PUMP-P100", quantity=1_000_000),),
        totals=Totals(),
        payment=Payment(),
    )
    desk.say(TOPIC, number, said)


def found(desk: Desk) -> dict[str, list[LogRecord]]:
    """What the poll appended, by order number."""
    try:
        records = desk.records(TOPIC)
    except KafkaException:
        return {}
    by_number: dict[str, list[LogRecord]] = {}
    for one in records:
        if one.header("ce_source") == "/poll/commerce-orders":
            by_number.setdefault((one.key or b"").decode(), []).append(one)
    return by_number


def wait_found(desk: Desk, numbers: Iterable[str], poll: Poll) -> dict[str, list[LogRecord]]:
    wanted = set(numbers)
    until(
        lambda: wanted <= found(desk).keys(), within=WITHIN, what=lambda: f"all of them\n{poll.log[-3000:]}", step=0.3
    )
    return found(desk)


def test_orders_whose_events_were_lost_are_found_whatever_is_killed(
    polling: Desk, shop: Shop, start_poll: Callable[..., Poll]
) -> None:
    first = [place(shop, f"KILL-{number:09d}") for number in range(1, 41)]
    for number in first[::2]:
        event(polling, number)
    poll = start_poll(STREAMS_SINKS__CALLS_PER_S="10")

    until(lambda: len(found(polling)) >= 5, within=WITHIN, what=lambda: poll.log, step=0.1)
    poll.kill()
    between = found(polling)
    second = [place(shop, f"KILL-{number:09d}") for number in range(41, 46)]
    heir = start_poll()
    records = wait_found(polling, [*first, *second], heir)

    assert len(between) < len(first), "the kill came in the middle"
    for number in (*first, *second):
        assert len({one.header("ce_id") for one in records[number]}) == 1, "repeats carry the same id"
        assert len({one.value for one in records[number]}) == 1
    orders = [polling.wire.decode(COMMERCE_ORDER, records[number][0].value) for number in first]
    assert [(one.channel, one.number) for one in orders if isinstance(one, Order)] == [("web", one) for one in first]
    assert heir.metric("found_total") <= len(first) + len(second)
    assert heir.stop(15) == 0
    assert '"event": "poll-stopped"' in heir.log
    assert BUYER not in heir.log
    for secret in ("simulated-password-1", "PUMP-P100"):
        assert secret not in heir.log


def test_an_order_that_nobody_else_stated_is_counted_as_missed_and_one_that_came_is_not(
    polling: Desk, shop: Shop, start_poll: Callable[..., Poll]
) -> None:
    poll = start_poll()
    lost, came = place(shop, "MISS-000000001"), place(shop, "MISS-000000002")
    event(polling, came)

    until(lambda: f"web-{lost}" in missed(poll), within=WITHIN, what=lambda: poll.log)

    assert f"web-{came}" not in missed(poll)
    assert poll.metric("missed_total") >= 1


def missed(poll: Poll) -> list[str]:
    lines = [json.loads(line) for line in poll.log.splitlines() if line.startswith("{")]
    return [line["order_id"] for line in lines if line["event"] == "order-missed-by-events"]


def test_a_number_that_the_shop_never_used_is_explained_and_listed(
    polling: Desk, shop: Shop, start_poll: Callable[..., Poll]
) -> None:
    poll = start_poll()
    placed = [place(shop, "HOLE-000000001"), place(shop, "HOLE-000000003")]
    wait_found(polling, placed, poll)

    until(lambda: poll.metric("explained_numbers_total") >= 1, within=WITHIN, what=lambda: poll.log)
    assert poll.stop(15) == 0
    (told,) = json.loads(polling.run("poll", "--once", "--json").stdout)

    assert "HOLE-000000002" in told["round"]["never_placed"]
    assert told["round"]["unexplained"] == []
    cursors = polling.models(SOURCE_CURSOR, "commerce-orders")
    assert cursors[-1].found >= 2
    assert msgspec.json.decode(cursors[-1].memory)["form"] == 1


def test_a_shop_that_refuses_the_credential_needs_a_person_and_loses_nothing(
    polling: Desk, shop: Shop, start_poll: Callable[..., Poll]
) -> None:
    poll = start_poll(is_ready=False, STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__PASSWORD="another")
    number = place(shop, "AUTH-000000001")
    until(lambda: "poll/commerce-orders" in poll.get("/readyz"), within=WITHIN, what=lambda: poll.log)

    assert '"ready":false' in poll.get("/readyz")
    assert '"alive"' in poll.get("/healthz")
    assert poll.stop(15) == 0
    wait_found(polling, [number], start_poll())
