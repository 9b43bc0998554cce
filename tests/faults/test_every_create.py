"""Every create of the orders flow under every fault, on real Kafka with four simulated targets: each is there once."""

import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
import pytest

from tests.beside import beside
from tests.faults.conftest import MakeEveryTarget
from tests.faults.every_target import ONE_OF_EACH, Entry, EveryTarget
from tests.faults.order_scenes import CREATES, UPSERTS, wait_idle
from tests.processes import Worker, call, until

pytestmark = pytest.mark.faults
LEFT_ALONE_S, ENDING_S = 3, 1.5
"""How long a target asks to be left alone, and within which time the steps that were under way are over."""
HELD_S = 3
LATER = (("SHIPPED", "REFUNDED"), ("INVOICED",), ("REFUNDED",), ("PACKED",))
"""What is left out of the first orders at first: each makes another create."""


@pytest.mark.parametrize(
    ("erp", "strike"), [(UPSERTS, signal.SIGKILL), (CREATES, signal.SIGSTOP)], ids=["netsuite-kill", "sap_s4hana-stop"]
)
def test_every_create_is_made_once_under_every_fault(
    make_every_target: MakeEveryTarget, erp: str, strike: signal.Signals
) -> None:
    system = make_every_target(erp_name=erp)
    limited = system.everywhere(kind="status", status=429, retry_after=str(LEFT_ALONE_S), times=1)
    down = system.everywhere(kind="status", status=503, times=1)
    lost = system.everywhere(kind="drop-answer", times=1)
    often = system.everywhere(kind="drop-answer", rate=1 / 3)

    later = [system.shopped(steps) for steps in LATER]
    waits = system.shopped(LATER[0])
    second = _moves_to_another_worker(system)

    for faults in (limited, down, lost):
        assert set(system.hit(faults).values()) == {1}
    assert sum(system.hit(often).values()) > len(often)
    _is_told_while_it_waits(system, second, waits)
    _strikes_while_every_create_is_under_way(system, second, strike, later)

    _check_once(system)
    _check_accounting(system, system.workers[-1])


# ── the scenes ───────────────────────────────────────────────────────────────────────────────────


def _moves_to_another_worker(system: EveryTarget) -> Worker:
    """Another worker joins and the first one leaves, while orders come in; the other one."""
    first = system.worker("a").wait_ready()
    until(lambda: all(map(_effects, system.journals().values())), within=60, what=lambda: first.log[-3000:], step=0.3)
    system.go_on()
    alone = {name: entries[-1]["seq"] for name, entries in system.journals().items()}
    with beside(partial(_shops, system), pause_s=2):
        second = system.worker("b").wait_ready()
        before = {name: _effects(entries) for name, entries in system.journals().items()}
        assert first.stop() == 0
        moved = {name: entries[-1]["seq"] for name, entries in system.journals().items()}
        until(
            lambda: all(_effects(entries) > before[name] for name, entries in system.journals().items()),
            within=60,
            what=lambda: f"creates were under way at every target: {before}\n{second.log[-3000:]}",
            step=0.3,
        )
    until(system.go_on, within=60, what="all is said", step=0.5)
    wait_idle(system, [second], step=0.4)
    for name, entries in system.journals().items():
        assert _windows_kept([one for one in entries if one["seq"] <= alone[name]]), f"{name} was limited"
        _windows_kept([one for one in entries if one["seq"] > moved[name]])
    return second


def _shops(system: EveryTarget) -> None:
    system.shopped()
    system.go_on()


def _is_told_while_it_waits(system: EveryTarget, worker: Worker, order_id: str) -> None:
    """A shipment that a paused sink does not post is in the order's answers and in its trace."""
    _sinks(system, worker, "pause", "paused")
    system.say_all(order_id)
    until(lambda: bool(_waiting(worker, order_id)), within=60, what=lambda: worker.log[-3000:], step=0.3)
    assert "The sink is in mode paused" in _waiting(worker, order_id)[0]["text"]
    assert "is not in the shop since" in system.command("trace", order_id, "--url", worker.url)
    _sinks(system, worker, "run", "run")


def _sinks(system: EveryTarget, worker: Worker, verb: str, mode: str) -> None:
    """The shop's sink of orders runs like that."""
    system.command("sinks", verb, "commerce-orders", "--reason", "stock-taking")
    until(lambda: mode in _modes(worker), within=30, what=lambda: f"{mode}: {worker.log[-2000:]}", step=0.3)


def _modes(worker: Worker) -> list[str]:
    return [one["mode"] for one in worker.facts()["order_sinks"] if one["sink"] == "commerce-orders"]


def _waiting(worker: Worker, order_id: str) -> list[dict[str, str]]:
    """Shipments of the order that are not in the shop, as the worker tells them."""
    found: list[dict[str, str]] = call(f"{worker.url}/api/v1/orders/{order_id}", timeout=10)["data"]["shipments"]
    return found


def _strikes_while_every_create_is_under_way(
    system: EveryTarget, worker: Worker, strike: signal.Signals, later: Sequence[str]
) -> None:
    """Calls of every kind are held by their targets when the worker is struck, and land behind its back."""
    system.heal()
    seen = {name: entries[-1]["seq"] for name, entries in system.journals().items()}
    held = {name: system.broken(name, kind="latency", delay_s=HELD_S) for name in ("task", "number, comment")}
    system.shopped()
    until(lambda: all(system.hit(held).values()), within=30, what=lambda: worker.log[-3000:])
    others = [name for name in system.creates if name not in held]
    held |= {name: system.broken(name, kind="latency", delay_s=HELD_S) for name in others}
    system.shopped()
    for order_id in later:
        system.say_all(order_id)
    until(lambda: all(system.hit(held).values()), within=30, what=lambda: f"{system.hit(held)}{worker.log[-3000:]}")

    worker.signal(strike)
    landed = _landed(system, seen)
    assert {name for name, calls in system.hit(held).items() if calls <= landed[name]} == set(), "all were under way"
    system.heal()
    heir = system.worker("c")
    heir.wait_ready(60)
    until(system.go_on, within=60, what=lambda: f"all is said\n{heir.log[-3000:]}", step=0.5)
    wait_idle(system, [heir], step=0.4)
    if strike == signal.SIGSTOP:
        worker.signal(signal.SIGCONT)
        wait_idle(system, [heir, worker], step=0.4)


def _landed(system: EveryTarget, seen: Mapping[str, int]) -> dict[str, int]:
    """Kind of create → held calls that ended since then."""
    journals = system.journals()
    return {
        name: sum(
            entry["seq"] > seen[create.target] and entry["fault"] == "latency" and _is_of(entry, create.path)
            for entry in journals[create.target]
        )
        for name, create in system.creates.items()
    }


# ── what must hold ───────────────────────────────────────────────────────────────────────────────


def _check_once(system: EveryTarget) -> None:
    once = dict.fromkeys(system.wanted, 1)
    assert dict(system.booked) == once
    assert dict(system.tasks()) == once
    assert dict(system.records()) == once
    assert system.documents() == dict.fromkeys(system.wanted, ONE_OF_EACH)
    assert dict(system.numbers()) == once
    assert system.recorded() == dict.fromkeys(system.wanted, "shipped")
    assert system.read("dead-letter.v1") == []
    places = {said: place for place, said in enumerate(system.sent)}
    early = {order_id for order_id in system.wanted if places[order_id, "SHIPPED"] < places[order_id, "PICKED"]}
    first = {order_id for order_id in system.wanted if places[order_id, "INVOICED"] < places[order_id, "PLACED"]}
    assert early, "no step came before the one that it needs"
    assert first, "nothing was said before its order came"


def _check_accounting(system: EveryTarget, worker: Worker) -> None:
    """Every record of every topic of orders ended in exactly one way."""
    found: dict[str, Mapping[str, int]] = {}

    def closed() -> bool:
        nonlocal found
        found = {one["topic"]: one for one in _status(system, worker)["accounting"]["topics"] if one["of"] == "orders"}
        return not any(one["difference"] for one in found.values())

    until(closed, within=30, what=lambda: f"the sums close: {found}", step=1)
    assert found["wms.fulfilment-event.v1"]["ignored"] + found["orders.event.v1"]["ignored"] > 0, "nothing came twice"


def _status(system: EveryTarget, worker: Worker) -> Any:  # noqa: ANN401  whatever a worker answers
    arguments = [sys.executable, "-m", "streams", "status", "--json", "--url", worker.url]
    done = subprocess.run(arguments, capture_output=True, check=False, env={**system.environ}, timeout=60)
    return msgspec.json.decode(done.stdout)["data"]


def _effects(entries: Sequence[Entry]) -> int:
    return sum(bool(entry["effect"]) for entry in entries)


def _is_of(entry: Entry, path: str) -> bool:
    return re.search(path, entry["path"]) is not None


def _windows_kept(entries: Sequence[Entry]) -> int:
    """Of one worker's calls to one target: none began while it asked to be left alone.  How often it asked."""
    asked = [entry for entry in entries if entry["status"] == 429]
    for limit in asked:
        end = limit["at"] + LEFT_ALONE_S
        early = [one for one in entries if limit["ended_at"] + ENDING_S < one["at"] < end]
        assert early == [], f"called {early[0]['path']} within {LEFT_ALONE_S} s after 429"
    return len(asked)
