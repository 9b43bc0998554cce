"""The alert drill: a real Prometheus with the real rules; shop and ERP away and back, then a record gone from its log.

python -m tests.drill [shop] [orders] [completeness]    (make drill)

Says which alert fired how many seconds into each phase, and ends with 1 where another set fired than should.  It takes
about half an hour: `for` and thresholds are those of production.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from simulators.local_stack.registry import Registry
from streams.topics import STOCK_CHANGE
from tests.beside import beside
from tests.faults.order_system import OrderSystem
from tests.faults.system import System
from tests.monitor import RULES, Prometheus, is_there
from tests.processes import until

PER_S, LOOK_S = 20.0, 1.0
PROMISE_S = "60"
"""Long enough for a machine that has other work: the drill is of what follows from the fault."""
SETTINGS = {"STREAMS_INVENTORY__LATENCY_TARGET_S": PROMISE_S, "STREAMS_COMPLETENESS__SETTLE_S": "2"}
ALWAYS = "Watchdog"
AWAY = frozenset({"TargetAway", "StockNotApplied"})
"""A ticket for the target, and a page for what customers see."""
LATE = frozenset({"FreshnessBudgetBurnFast"})
"""What waited came late: that may be told while it comes."""
NONE: frozenset[str] = frozenset()


class Phase(NamedTuple):
    """`must` fire in it, `may` besides; what is in neither may not, and what fires at its end must be in `at_last`."""

    name: str
    seconds: float
    must: frozenset[str]
    may: frozenset[str]
    at_last: frozenset[str]


HEALTHY = Phase("nothing is wrong", 90, NONE, NONE, NONE)
SHOP_AWAY = Phase("the shop is away", 450, AWAY, NONE, AWAY)
SHOP_BACK = Phase("the shop is back", 120, NONE, AWAY | LATE, LATE)


GONE = frozenset({"CompletenessOpen"})
RECORD_GONE = Phase("a record is gone from its log", 400, GONE, LATE, GONE)


ERP_AWAY_ALERTS = frozenset({"OrdersFailing", "TargetAway", "CutOffWillBeMissed"})
"""Orders that fail at once, the ERP that does not answer, and orders that will be late: the last only until then."""
ORDERS_GO = Phase("orders go to the ERP", 60, NONE, NONE, NONE)
ERP_AWAY = Phase("the ERP is away", 450, ERP_AWAY_ALERTS, NONE, ERP_AWAY_ALERTS)
ERP_BACK = Phase("the ERP is back", 240, NONE, ERP_AWAY_ALERTS, NONE)
AT_ONCE, SAVE_MS = 4, 2000
WARM, WAITING = 40, 300
"""Orders; so many, two a second, take two minutes and a half."""
CUT_OFF_IN = timedelta(minutes=9)
"""From the start on, some minutes after the ERP went away."""


def play(prometheus: Prometheus, phase: Phase) -> list[str]:
    """What was not as it should be."""
    begun, fired, firing = time.monotonic(), dict[str, float](), set[str]()  # noqa: TID251  real time is the matter
    print(f"── {phase.name}, {phase.seconds:.0f} s", flush=True)
    while (passed := time.monotonic() - begun) < phase.seconds:  # noqa: TID251  as above
        firing = prometheus.firing()
        for alert in sorted(firing - {ALWAYS} - fired.keys()):
            fired[alert] = passed
            print(f"   {passed:5.0f} s  {alert}", flush=True)
        time.sleep(LOOK_S)
    wrong = {
        "did not fire": phase.must - fired.keys(),
        "fired": fired.keys() - phase.must - phase.may,
        "did not resolve": firing - {ALWAYS} - phase.at_last,
        "is silent": {ALWAYS} - firing,
    }
    return [f"{phase.name}: {', '.join(sorted(alerts))} {what}" for what, alerts in wrong.items() if alerts]


def drill(system: System, prometheus: Prometheus) -> list[str]:
    with beside(lambda: system.trade(2, PER_S)):
        wrong = play(prometheus, HEALTHY)
        outage = system.shop.fault(kind="outage")
        wrong += play(prometheus, SHOP_AWAY)
        if not system.shop.hits(outage):
            wrong.append("the outage met no call")
        system.shop.heal()
        wrong += play(prometheus, SHOP_BACK)
    system.wait_equal()
    return wrong


def drill_completeness(system: System, prometheus: Prometheus) -> list[str]:
    """Nothing is wrong with stock, and the next page does not close."""
    topic = STOCK_CHANGE.name
    system.command("completeness", "--now", "--url", system.workers[0].url)
    with beside(lambda: system.trade(2, PER_S)):
        closed = system.committed(topic)[0][1]
        until(lambda: system.committed(topic)[0][1] > closed, within=60, what="there are records behind the page")
        admin = AdminClient(dict(system.kafka.client_config()))
        [done] = admin.delete_records([TopicPartition(topic, 0, closed + 1)]).values()
        done.result(30)
        until(lambda: "record-gone" in _page(system), within=60, what="the next page names it", step=1)
        return play(prometheus, RECORD_GONE)


def drill_orders(system: System, prometheus: Prometheus) -> list[str]:
    """Orders wait for the ERP, and their cut-off comes nearer than the time that they will take."""
    assert isinstance(system, OrderSystem)
    system.erp.process.seed(settings={"save_ms": SAVE_MS, "concurrency": AT_ONCE})
    system.place(WARM)
    wrong = play(prometheus, ORDERS_GO)
    system.wait_booked()
    outage = system.erp.process.fault(kind="outage")
    system.place(WAITING)
    wrong += play(prometheus, ERP_AWAY)
    if not system.hits(outage):
        wrong.append("the outage met no call")
    system.erp.process.heal()
    wrong += play(prometheus, ERP_BACK)
    system.wait_booked()
    twice = [order_id for order_id, documents in system.booked.items() if documents > 1]
    return [*wrong, *(f"{order_id} was made twice" for order_id in twice)]


def _orders(folder: Path, registry_url: str) -> System:
    cut_off = datetime.now(UTC) + CUT_OFF_IN  # noqa: TID251  as the wall clock has it
    overrides = {
        "STREAMS_ORDERS__CUT_OFFS": json.dumps({"*": {"at": [f"{cut_off:%H:%M}"]}}),
        "STREAMS_CONNECTORS__NETSUITE__MAX_CONNECTIONS": str(AT_ONCE),
        "STREAMS_CONNECTORS__NETSUITE__TIMEOUT_S": "20",
    }
    return OrderSystem(folder, registry_url, overrides=overrides)


def _stock(folder: Path, registry_url: str) -> System:
    return System(folder, registry_url, overrides=SETTINGS)


def _page(system: System) -> str:
    """A page more, behind the last; what is younger than the settle time is left to the next."""
    return system.command("completeness", "--now", "--url", system.workers[0].url, expect=None)


class Drill(NamedTuple):
    """What is played, and with which system."""

    system: Callable[[Path, str], System]
    play: Callable[[System, Prometheus], list[str]]


DRILLS: Mapping[str, Drill] = {
    "shop": Drill(_stock, drill),
    "orders": Drill(_orders, drill_orders),
    "completeness": Drill(_stock, drill_completeness),
}


def main() -> int:
    if not is_there("prometheus"):
        print("prometheus is not installed: apt-get install --no-install-recommends prometheus", file=sys.stderr)
        return 2
    wrong = [said for name in sys.argv[1:] or DRILLS for said in run(DRILLS[name])]
    print("\n".join(wrong) or "the alerts that should fire did, and no other", flush=True)
    return 1 if wrong else 0


def run(one: Drill) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="drill-") as folder, Registry(Path(folder, "registry")) as registry:
        system = one.system(Path(folder), registry.url)
        try:
            system.start()
            worker = system.worker("a").wait_ready(120)
            system.open_stock()
            system.wait_equal()
            prometheus = Prometheus(Path(folder), [worker.port], RULES)
            prometheus.start()
            try:
                prometheus.wait_scraped(3)
                until(lambda: ALWAYS in prometheus.firing(), within=30, what="the rules are looked at")
                return one.play(system, prometheus)
            finally:
                prometheus.end()
        finally:
            system.end()


if __name__ == "__main__":
    sys.exit(main())
