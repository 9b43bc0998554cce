"""What a command sink measures of itself: how fast it is, what waits, what will miss its cut-off, and what did."""

from collections import deque
from collections.abc import Collection, Mapping

from schemas.models.command import Command
from streams.domain import forecast
from streams.domain.cut_off import CutOffTable, Urgency, urgency
from streams.domain.forecast import Compared, Forecast, Queue, Said, Throughput
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.logs import logger
from streams.runtime.metrics import (
    CUT_OFFS,
    DRAIN_SECONDS,
    FORECAST_ERROR,
    ORDER_DELAY,
    ORDER_FRESH,
    ORDER_FRESHNESS,
    QUEUED,
    WILL_MISS,
)
from streams.sinks.sink_context import Entity

MICROS = 1_000_000
EVERY_S = 1.0
COMPARED_KEPT = 5
NOT_KNOWN = float("nan")
BACKLOG = 50
"""So many that wait at a target that takes calls are worth a forecast."""
_LOG = logger("streams.sink-meter")


class SinkMeter:
    """`behind` is how many commands still stand in the topic; set by who knows it."""

    def __init__(
        self, name: str, role: str, gate: Gate, clock: Clock, *, at_once: int, cut_offs: CutOffTable, target_us: int
    ) -> None:
        self.name, self._role, self._gate, self._clock = name, role, gate, clock
        self._at_once, self._cut_offs, self._target = at_once, cut_offs, target_us
        self.throughput = Throughput()
        self.behind = 0
        self.compared: deque[Compared] = deque(maxlen=COMPARED_KEPT)
        """Forecasts and what then happened, the newest last."""
        self._ended = 0
        self._said: Said | None = None
        self._returns = gate.returns
        self._looked_at = float("-inf")
        self._queue = Queue()

    # ── what is done ─────────────────────────────────────────────────────────────────────────────

    def worked(self, seconds: float, calls: int) -> None:
        """Somebody was busy with a command for so long, and it was not in vain."""
        self.throughput = self.throughput.worked(seconds, calls)

    def ended(self, command: Command, *, is_applied: bool) -> None:
        """A command ended, from its target's view."""
        self.throughput = self.throughput.done()
        self._ended += 1
        now = self._clock.micros()
        if not is_applied:
            return
        delay = max(0, now - command.at)
        ORDER_DELAY.labels(self._role).observe(delay / MICROS)
        ORDER_FRESHNESS.labels(self._role).inc()
        if delay <= self._target:
            ORDER_FRESH.labels(self._role).inc()
        how = urgency(command, self._cut_offs)
        if how.cut_off is not None:
            outcome = "met" if now <= how.cut_off else "missed"
            CUT_OFFS.labels(self._role, outcome).inc()
            if outcome == "missed":
                late_s = (now - how.cut_off) // MICROS
                _LOG.warning("cut-off-missed", sink=self.name, order=command.entity, cut_off=how.label, late_s=late_s)

    # ── what waits ───────────────────────────────────────────────────────────────────────────────

    @property
    def per_s(self) -> float | None:
        """Commands a second that the target permits, as far as we know."""
        governor = self._gate.governor
        return self.throughput.per_s(min(self._at_once, governor.at_once.limit), governor.per_s)

    def queue(self, waiting: Mapping[Entity, Urgency], done: Collection[Entity]) -> Queue:
        """Of what waits all but those that are done; at most a second old."""
        now = self._clock.monotonic()
        if now - self._looked_at >= EVERY_S:
            self._looked_at = now
            self._queue = forecast.queue_of((how for key, how in waiting.items() if key not in done), self.behind)
            self._show(self._forecast())
        return self._queue

    def closed(self) -> None:
        """The partitions are gone, and with them what was said of them."""
        self._said, self._queue, self._looked_at = None, Queue(), float("-inf")

    def _forecast(self) -> Forecast:
        return forecast.forecast(self._queue, self.per_s, self._clock.micros())

    def _show(self, made: Forecast) -> None:
        QUEUED.labels(self.name).set(made.waiting)
        DRAIN_SECONDS.labels(self.name).set(NOT_KNOWN if made.drain_s is None else made.drain_s)
        late = None if made.will_miss is None else sum(one.orders for one in made.will_miss)
        WILL_MISS.labels(self.name).set(NOT_KNOWN if late is None else late)
        self._check(made)

    def _check(self, made: Forecast) -> None:
        """What was said at the target's return, or when the queue grew long, is held against what then happened."""
        now, is_back = self._clock.micros(), self._gate.returns != self._returns
        self._returns = self._gate.returns
        found = None if self._said is None else self._said.compared(self._ended, now)
        if found is not None:
            self._said = None
            self.compared.append(found)
            FORECAST_ERROR.labels(self.name).set(found.error)
            _LOG.info(
                "forecast-compared",
                sink=self.name,
                waited=found.waiting,
                said_s=round(found.said_s, 1),
                took_s=round(found.took_s, 1),
                error=round(found.error, 3),
            )
        if is_back or (self._said is None and found is None and made.waiting >= BACKLOG and self._is_taking):
            self._said = forecast.said(made, self._ended, now)
            if self._said is not None:
                _LOG.info("forecast-made", sink=self.name, waiting=made.waiting, drain_s=round(self._said.said_s, 1))

    @property
    def _is_taking(self) -> bool:
        return not self._gate.breaker.failures
