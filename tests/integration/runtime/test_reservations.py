"""Reservations over HTTP, before real Kafka and a live worker: decided once, whatever is killed."""

import json
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from tests.integration.runtime.conftest import MakeSite
from tests.integration.runtime.site import LONG_S, SOURCE, Site
from tests.processes import Process, call, free_port, until

pytestmark = pytest.mark.integration

TOKENS = {client: [f"token-of-{client}-{'x' * 24}"] for client in ("pos", "edi", "web")}
HOLDS = {"held", "confirmed"}
ORDERED = "ordered-here"


class Answer(NamedTuple):
    """Status 0 where there was none."""

    status: int
    json: Any  # Any: whatever stands in it


class Gateway(Process):
    """`python -m streams gateway` with a port of its own."""

    def __init__(self, site: Site, name: str, **changes: str) -> None:
        self.port = free_port()
        own = {
            "STREAMS_GATEWAY__PORT": str(self.port),
            "STREAMS_GATEWAY__RESERVATIONS__TOKENS": json.dumps(TOKENS),
            "STREAMS_GATEWAY__RESERVATIONS__CHECKOUTS": '["web"]',
            **changes,
        }
        arguments = [sys.executable, "-m", "streams", "gateway"]
        super().__init__(arguments, site.folder / f"{name}.log", {**site.desk.environ, **own})

    def wait_ready(self) -> "Gateway":
        until(lambda: self.ask("GET", "/readyz").status == 200 or not self.running, within=60, what=lambda: self.log)
        assert self.running, self.log
        return self

    def ask(self, method: str, path: str, body: object = None, *, client: str = "pos", **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {TOKENS[client][0]}", "Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, json.loads(answer.read()))
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, json.loads(refused.read()))
        except OSError as error:
            return Answer(0, repr(error))

    def reserve(self, sku: str, key: str, quantity: str = "1", *, client: str = "pos", **more: object) -> Answer:
        wish = {"sku": sku, "quantity": quantity, **more}
        return self.ask("POST", "/v1/reservations", wish, client=client, **{"Idempotency-Key": key})

    def settled(self, sku: str, key: str, **more: object) -> Answer:
        """As a client does that is told to send it again."""
        found: list[Answer] = []

        def is_told() -> bool:
            found[:] = [self.reserve(sku, key, **more)]  # type: ignore[arg-type]  # as `reserve`
            return found[0].status not in {0, 503}

        until(is_told, within=LONG_S, what=lambda: f"{found}\n{self.log[-3000:]}", step=0.3)
        return found[0]


Start = Callable[..., Gateway]


@pytest.fixture(scope="module")
def live(make_site: MakeSite) -> Site:
    """With one worker that the tests may kill: they wait for the next one."""
    site = make_site()
    site.shop.seed(products=["in-the-catalogue", ORDERED], sources=["default", SOURCE])
    site.ready()
    return site


@pytest.fixture(scope="module")
def start(live: Site) -> Iterator[Start]:
    started: list[Gateway] = []

    def begin(**changes: str) -> Gateway:
        started.append(Gateway(live, f"gateway-{len(started)}", **changes))
        started[-1].start()
        return started[-1].wait_ready()

    yield begin
    for one in started:
        one.end()


@pytest.fixture(scope="module")
def gateway(start: Start) -> Gateway:
    return start()


def stocked(live: Site, gateway: Gateway, name: str, quantity: int) -> str:
    """A SKU of which so much is there, shown by the shop and known to the gateway."""
    sku = live.sku(name)
    live.count(sku, quantity)
    live.wait_shown(sku, quantity)
    until(
        lambda: gateway.ask("GET", f"/v1/availability?sku={sku}").json.get("left") == str(quantity),
        within=LONG_S,
        what=lambda: gateway.log,
    )
    return sku


def test_two_clients_race_for_the_last_unit_and_one_has_it(live: Site, gateway: Gateway) -> None:
    sku = stocked(live, gateway, "race", 1)

    with ThreadPoolExecutor(2) as clients:
        asked = [clients.submit(gateway.settled, sku, "race", client=client) for client in ("pos", "edi")]
        answers = sorted((one.result(LONG_S) for one in asked), key=lambda one: one.status)

    assert [one.status for one in answers] == [201, 409], f"{answers}\n{gateway.log}"
    assert answers[1].json["available"] == "0"
    live.wait_shown(sku, 0)
    name = answers[0].json["id"]
    owner = "pos" if gateway.ask("GET", f"/v1/reservations/{name}", client="pos").status == 200 else "edi"
    until(
        lambda: not gateway.ask("GET", f"/v1/reservations/{name}", client=owner).json["provisional"],
        within=LONG_S,
        what="the shop shows it",
    )
    assert answers[0].json["sources"] == [{"source": SOURCE, "quantity": "1"}]


def test_a_repeat_is_the_first_answer_at_another_gateway_too_and_another_wish_is_refused(
    live: Site, gateway: Gateway, start: Start
) -> None:
    sku = stocked(live, gateway, "again", 9)
    first = gateway.settled(sku, "key")

    gateway.kill()
    heir = start()
    again, other = heir.settled(sku, "key"), heir.settled(sku, "key", quantity="2")
    gateway.start()
    gateway.wait_ready()

    assert (first.status, again.status) == (201, 200), f"{first} {again}"
    assert {**again.json, "shop": None} == {**first.json, "shop": None}
    assert (other.status, "quantity" in other.json["error"]) == (422, True)
    live.wait_shown(sku, 8)


def test_a_worker_killed_between_request_and_answer_leaves_one_answer_and_one_hold(live: Site, start: Start) -> None:
    patient = start(STREAMS_GATEWAY__RESERVATIONS__ANSWER_MS="10000")
    sku = stocked(live, patient, "killed", 5)
    worker = live.workers[-1]

    worker.signal(signal.SIGSTOP)  # what is asked now lies in the log, and nobody has read it
    with ThreadPoolExecutor(1) as client:
        under_way = client.submit(patient.reserve, sku, "killed", "2")
        until(lambda: live.unread("inventory.reservation-request.v1") > 0, within=LONG_S, what="it is asked")
        worker.kill()
        live.ready()
        first = under_way.result(LONG_S)
    answer = patient.settled(sku, "killed", quantity="2")

    assert first.status in {201, 503}
    assert answer.status in {200, 201}, answer
    assert answer.json["state"] in HOLDS
    live.wait_shown(sku, 3)
    live.wait_read("inventory.reservation-request.v1")
    assert live.shown(sku) == 3


def test_what_is_not_confirmed_comes_back_by_itself_and_what_is_confirmed_stays(live: Site, gateway: Gateway) -> None:
    sku = stocked(live, gateway, "expiry", 2)
    left = gateway.settled(sku, "left", ttl_seconds=4).json["id"]
    kept = gateway.settled(sku, "kept", ttl_seconds=4).json["id"]
    done = gateway.ask("POST", f"/v1/reservations/{kept}/confirm", {"order_id": "pos-1"})

    def state(name: str) -> str:
        return str(gateway.ask("GET", f"/v1/reservations/{name}").json["state"])

    until(lambda: state(left) == "expired", within=LONG_S, what=lambda: gateway.log)

    assert (done.status, done.json["state"], state(kept)) == (200, "confirmed", "confirmed")
    live.wait_shown(sku, 1)
    late = gateway.ask("POST", f"/v1/reservations/{left}/confirm", {"order_id": "pos-2"})
    assert (late.status, "expired" in late.json["error"]) == (409, True)
    back = gateway.ask("POST", f"/v1/reservations/{kept}/release", {})
    assert (back.status, back.json["state"]) == (200, "released")
    live.wait_shown(sku, 2)


def test_orders_that_the_shop_took_are_not_promised_once_more(live: Site, gateway: Gateway) -> None:
    live.count(ORDERED, 5)
    live.wait_shown(ORDERED, 5)
    call(f"{live.shop.url}/_sim/orders", method="POST", body={"items": [{"sku": ORDERED, "qty": 4}]})

    refused = gateway.settled(ORDERED, "two", quantity="2")
    taken = gateway.settled(ORDERED, "one")
    checkout = gateway.settled(ORDERED, "checkout", client="web")

    assert (refused.status, refused.json["available"]) == (409, "1"), refused
    assert (taken.status, checkout.status) == (201, 409)


def test_an_owner_that_is_silent_is_told_and_the_same_key_is_answered_later(live: Site, gateway: Gateway) -> None:
    sku = stocked(live, gateway, "silent", 3)
    worker = live.workers[-1]

    worker.signal(signal.SIGSTOP)
    silent = gateway.reserve(sku, "silent")
    worker.signal(signal.SIGCONT)
    later = gateway.settled(sku, "silent")

    assert (silent.status, "Idempotency-Key" in silent.json["error"]) == (503, True)
    assert later.status in {200, 201}
    live.wait_shown(sku, 2)
