"""The story: what happens, act by act."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulators.wms.plan import Phase
from streams.cli.demo.orders import ORDERS
from streams.cli.demo.stage import Stage

POISON = 50


@dataclass(frozen=True, slots=True)
class Act:
    """One part of the story; `play` blocks until it is over."""

    title: str
    what: str
    play: Callable[[Stage], None]
    calm: bool = False
    """Nothing is broken: its delays are those of normal trade."""
    settles: bool = False
    """Trade rests, orders come in still: what may be sold is compared with the model."""


def acts() -> Iterator[Act]:
    """About three minutes in all."""
    yield Act("opening", "every warehouse states its stock once", _opening)
    yield Act("normal trade", f"300 changes a second for 20 s; {ORDERS} orders begin to come in", _normal, calm=True)
    yield Act("burst", "2,000 changes a second for 10 s", lambda stage: _trade(stage, 10, 2000))
    yield _settled("before the outage")
    yield Act("outage", "Commerce answers 503 for 15 s, the ERP for 20 s, while trade goes on", _outage)
    yield _settled("after the outage")
    yield Act("kill -9", "one worker is killed; trade goes on; it comes back", _kill)
    yield _settled("after the kill")
    yield Act("poison", f"{POISON} records that no ledger can take, amid trade", _poison)
    yield Act("normal trade", "300 changes a second for 15 s", lambda stage: _trade(stage, 15, 300), calm=True)


def _settled(when: str) -> Act:
    return Act(
        f"what may be sold, {when}",
        "nobody buys or counts; what was bought is shipped",
        lambda stage: stage.settle_salable(),
        settles=True,
    )


def _opening(stage: Stage) -> None:
    stage.wms.opening()
    stage.wms.drain()


def _normal(stage: Stage) -> None:
    stage.place_orders()
    _trade(stage, 20, 300)


def _trade(stage: Stage, seconds: float, per_s: float) -> None:
    stage.wms.run(Phase(seconds, per_s))


def _outage(stage: Stage) -> None:
    stage.orders.outage(20)
    with stage.outage():
        _trade(stage, 15, 300)


def _kill(stage: Stage) -> None:
    stage.workers["worker-1"].kill()
    _trade(stage, 4, 300)
    stage.start_worker("worker-1")
    _trade(stage, 8, 300)


def _poison(stage: Stage) -> None:
    stage.wms.poison(POISON)
    _trade(stage, 4, 300)
