"""Standing orders that hold something back: a worker obeys them, and people forget them."""

from collections.abc import Iterator, Mapping

from schemas.models.operations import OperatorControl
from streams.app.diagnosis.check import Check, Verdict
from streams.runtime.control import INTAKE, SINK
from streams.runtime.operating.acts import standing_orders
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.readable import time_text
from streams.runtime.operating.wire import Wire
from streams.runtime.registry import HttpRegistry
from streams.settings import Settings

_HOLDS_BACK: Mapping[tuple[str, str], tuple[Verdict, str, str]] = {
    (INTAKE, "paused"): ("fail", "intake of {rest} is paused", "Go on with `commerce-streams resume {rest}`."),
    (SINK, "paused"): ("warn", "sink {rest} is paused", "Go on with `commerce-streams sinks run {rest}`."),
    (SINK, "shadow"): ("warn", "sink {rest} only compares", "Write with `commerce-streams sinks run {rest}`."),
}


def hold_back(settings: Settings, brokers: Brokers, registry: HttpRegistry) -> Iterator[Check]:
    with LogReader(settings.kafka, settings.app_id) as reader:
        orders = standing_orders(brokers, reader, Wire(registry))
    found = [check for order in orders.values() if (check := _check(order)) is not None]
    yield from found or [Check("orders", "ok", "nothing is held back")]


def _check(order: OperatorControl) -> Check | None:
    kind, _, rest = order.key.partition("/")
    known = _HOLDS_BACK.get((kind, order.state))
    if known is None:
        return None
    verdict, what, advice = known
    by = f"by {order.actor} at {time_text(order.at)}: {order.reason or 'no reason given'}"
    return Check("orders", verdict, f"{what.format(rest=rest)} {by}", advice.format(rest=rest))
