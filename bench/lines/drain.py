"""`drain`: ERP and shop were away while orders came; how much of what each permits is used until nothing waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bench.arithmetic import at_least, at_most
from bench.bench import Bench, result
from bench.machine import epoch
from bench.order_live import OrderLive
from bench.order_seen import FIRST, WITHIN_S, Write
from bench.result import Figures, Result, Rounding
from bench.schedule import Share, busy_share, paced_share
from bench.simulator import Called
from bench.stack import LineError
from bench.workers import until
from streams.topics import COMMANDS, COMMERCE_ORDER, ORDER_EVENT, OUTCOMES

ABOUT = "ERP and shop are away while 150 orders come; the ERP takes 2 calls at once, the shop 20 a second"
ORDERS, TARGET_S = 150, 0.05
ERP_AT_ONCE = 2
"""Fewer than a worker of one core could keep busy: what is measured is the use of what is permitted."""
SHOP_PER_S, SHOP_WINDOW_S, TOLD = 20, 10, 0.975
"""The shop counts in a window that slides and refuses with 429; the worker is told this share of what it permits."""
SHARE = 0.95
REFUSED = 429
NUMBER, COMMENT = FIRST["number"], Write("shop", "POST", r"/comments$")
"""Of each order the shop is told the ERP's number and the day that the ERP promised."""
TOKEN = "/token"  # noqa: S105  part of a path


@dataclass(frozen=True)
class Drained:
    """Calls of one target from its return on, those for a token left out, until the last order had its write."""

    back: float
    calls: Sequence[Called]
    orders: int

    @property
    def refused(self) -> int:
        return sum(one.status == REFUSED for one in self.calls)

    @property
    def taken(self) -> Sequence[Called]:
        return [one for one in self.calls if one.status != REFUSED]

    @property
    def first_s(self) -> float:
        """From the return to the first call: how long nobody knew of it."""
        return self.calls[0].begun - self.back

    @property
    def seconds(self) -> float:
        """From the first call to the last answer."""
        return self.taken[-1].at - self.calls[0].begun

    def figures(self, name: str) -> Figures:
        return {
            f"{name} seconds": round(self.seconds, 2),
            f"{name} orders a second": round(self.orders / self.seconds, 2),
            f"{name} calls an order": round(len(self.taken) / self.orders, 2),
            f"{name} calls refused (429)": self.refused,
            f"{name} seconds until it was called again": round(self.first_s, 2),
        }


def run(bench: Bench) -> Result:
    number = bench.size(ORDERS, 15)
    with OrderLive.begun(
        bench,
        STREAMS_CONNECTORS__ADOBE_COMMERCE__CALLS_PER_S=str(TOLD * SHOP_PER_S),
        STREAMS_CONNECTORS__NETSUITE__MAX_CONNECTIONS=str(ERP_AT_ONCE),
    ) as live:
        _come_while_away(live, number)
        live.targets.erp.seed(settings={"concurrency": ERP_AT_ONCE, "save_ms": 1000 * TARGET_S})
        erp = _drained(live, [FIRST["erp"]], number, live.targets.erp.heal)
        live.wait_read(OUTCOMES["erp"].name, COMMANDS["commerce"].name)
        limit = {"rate_limit_calls": SHOP_PER_S * SHOP_WINDOW_S, "rate_limit_window_s": SHOP_WINDOW_S}
        live.targets.shop.seed(settings=limit)
        shop = _drained(live, [NUMBER, COMMENT], number, partial(live.targets.shop.slow, TARGET_S))
    return _result(bench, erp, shop)


def _come_while_away(live: OrderLive, number: int) -> None:
    """Every order waits for the ERP, and the shop will not hear of any before its own return."""
    orders = live.placing.shopped(number)
    live.targets.slow(TARGET_S)
    for target in (live.targets.erp, live.targets.shop):
        target.away()
    live.placing.place(orders)
    live.wait_read(COMMERCE_ORDER.name, ORDER_EVENT.name, COMMANDS["erp"].name)


def _drained(live: OrderLive, writes: Sequence[Write], number: int, back_again: Callable[[], None]) -> Drained:
    """All calls of the target from its return until it has so many of each write.  LineError as `until`."""
    name, calls = writes[0].target, list[Called]()
    target = live.targets.all[name]
    back = epoch()
    back_again()

    def done() -> bool:
        calls.extend(one for one in target.calls() if one.begun >= back and not one.path.endswith(TOKEN))
        if not live.worker.running:
            raise LineError(f"the worker ended\n{live.worker.log[-2000:]}")
        return all(sum(map(write.is_of, calls)) >= number for write in writes)

    until(done, within=WITHIN_S, what=lambda: f"{number} orders are drained\n{live.worker.log[-2000:]}", step=0.2)
    live.bench.say(f"{name} drained: {number} orders, {len(calls)} calls")
    return Drained(back, sorted(calls), number)


def _result(bench: Bench, erp: Drained, shop: Drained) -> Result:
    left = [one.begun for one in shop.taken]
    places = [(one.begun, one.at) for one in erp.taken]
    best = Share(1, ERP_AT_ONCE, TARGET_S).seconds(len(places))
    return result(
        bench,
        "drain",
        ABOUT,
        goals=(
            at_least("of the calls a second that the shop permits", paced_share(left, SHOP_PER_S), SHARE),
            at_least("of the calls at once that the ERP permits", busy_share(places, ERP_AT_ONCE), SHARE),
            at_most("calls refused (429), both", float(erp.refused + shop.refused), 0),
        ),
        ours={**shop.figures("shop"), **erp.figures("ERP")},
        peers={
            "what is permitted (computed)": {
                "shop seconds": round(len(left) / SHOP_PER_S, 2),
                "ERP seconds": round(best, 2),
            }
        },
        rounds=Rounding(1),
        notes=(
            f"{erp.orders} orders, one run; the worker is told {TOLD * SHOP_PER_S:g} calls a second at the shop",
            f"the shop refuses more than {SHOP_PER_S * SHOP_WINDOW_S} calls in any {SHOP_WINDOW_S} s",
            f"the ERP refuses more than {ERP_AT_ONCE} calls at once; both answer in {TARGET_S * 1000:g} ms",
            "counted from the first call after the return, on the journals of the targets; refused calls do not count",
        ),
    )
