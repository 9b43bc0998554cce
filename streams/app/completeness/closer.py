"""Closes flows: daily by itself, and when a person asks; in the one worker that writes stock, one run at a time.

The run reads logs beside the streams and asks targets through their doors.  What it finds is looked at once more before
it is told.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

import msgspec
from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException

from connectors.core.errors import LeaseLostError, NotFoundError, PermanentError
from schemas.models.operations import OperatorControl
from streams.app.completeness.around import Around, Door
from streams.app.completeness.asking import Asking, TargetAwayError
from streams.app.completeness.logs import Before, Window, cut_short
from streams.app.completeness.looks import Looked, OrdersLook, StockLook, Whole
from streams.app.completeness.order_evidence import Keys, TooManyError
from streams.app.completeness.page_topic import PageTopic
from streams.app.completeness.reading import Reading
from streams.app.completeness.requeue import Requeue
from streams.domain import increment_gaps
from streams.domain.close_request import (
    EVERYTHING,
    FLOWS,
    ORDERS,
    CloseRequest,
    CloseRun,
    is_due,
    midnight,
    stretch_of,
)
from streams.domain.closing import FINDINGS_KEPT, OPEN_KEPT, AtTarget, Page, State, Sums
from streams.domain.order_holdings import added
from streams.domain.reconciliation import RunState
from streams.runtime.cluster import ClusterUnavailableError
from streams.runtime.control import RECONCILE, key_of
from streams.runtime.logs import logger
from streams.runtime.metrics import (
    COMPLETENESS_CLOSED,
    COMPLETENESS_ENTITIES,
    COMPLETENESS_FOUND,
    COMPLETENESS_INTERVAL,
)
from streams.runtime.operating.brokers import TopicMissingError

KEY = key_of(RECONCILE, "completeness")
LOOK_EVERY = timedelta(seconds=1)
AGAIN_AFTER = timedelta(minutes=5)
"""A daily run that failed."""
TOO_OLD = 60_000_000
RUNS_KEPT = 10
NUMBERS_ASKED = 50
"""Order numbers between others that the shop is asked for, of one page."""
SECOND = 1_000_000
WEEK = 7 * 86_400 * SECOND
_LOG = logger("streams.completeness")
_AWAY = (ClusterUnavailableError, KafkaException, KafkaError, TopicMissingError, TooManyError, TimeoutError)


class Closer:
    """`runs` are the last ones, newest first; the first may be under way."""

    def __init__(self, application: Around) -> None:
        self._app, self.topic = application, PageTopic(application)
        self.runs: list[CloseRun] = []
        self._asked: list[CloseRequest] = []
        self._asking = Asking(application.clock)
        self._next_try = 0
        self._closed_at: dict[str, int] | None = None
        """When the newest page of each flow ends; None until it was read."""
        self._compared_at = application.clock.micros()

    @property
    def current(self) -> CloseRun | None:
        return self.runs[0] if self.runs and self.runs[0].state is RunState.RUNNING else None

    def refusal(self) -> str:
        """Why no run may begin now; empty where one may."""
        current = self.current
        if current is not None:
            return f"a run of {current.request.by} is under way; wait for its end"
        return ""

    def ordered(self, order: OperatorControl, now: int) -> None:
        """A standing order of this key asks for one run; a repeat of it is the same run."""
        if order.key != KEY or now - order.at > TOO_OLD or not self._app.lane.lane.is_open:
            return
        try:
            asked = msgspec.json.decode(order.value, type=CloseRequest)
        except msgspec.MsgspecError as error:
            _LOG.warning("order-unreadable", key=order.key, error=str(error)[:200])
            return
        if asked.run in {one.run for one in (*(run.request for run in self.runs), *self._asked)}:
            return
        asked = msgspec.structs.replace(asked, by=order.actor, reason=order.reason)
        if why := self.refusal():
            run = CloseRun(asked, now)
            run.ended(RunState.REFUSED, now, why)
            self._remember(run)
        else:
            self._asked.append(asked)

    def _remember(self, run: CloseRun) -> None:
        self.runs.insert(1 if self.current else 0, run)
        del self.runs[RUNS_KEPT:]

    # ── by itself ────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._app.clock.sleep(LOOK_EVERY)
            if not self._app.lane.lane.is_open:
                self._left()
                continue
            if self._asked:
                await self._carry_out(self._asked.pop(0))
            elif (request := await self._due()) is not None:
                await self._carry_out(request)

    def _left(self) -> None:
        """Another worker has the lane: what this one knew of pages is its to tell."""
        if self._closed_at is not None:
            for measure in (COMPLETENESS_CLOSED, COMPLETENESS_FOUND, COMPLETENESS_ENTITIES, COMPLETENESS_INTERVAL):
                measure.clear()
        self._closed_at = None

    async def _due(self) -> CloseRequest | None:
        """What the day's time asks for."""
        now = self._app.clock.micros()
        if now < self._next_try:
            return None
        moment, settings = datetime.fromtimestamp(now / SECOND, UTC), self._app.settings.completeness
        if self._closed_at is None and not await self._read_newest():
            return None
        if (
            settings.at
            and (until := midnight(moment))
            and is_due(time.fromisoformat(settings.at), moment, self._made_at())
        ):
            return CloseRequest(run=f"daily-{moment:%Y%m%dT%H%M%S}", until=until)
        has_orders = self._app.has_orders
        if (
            has_orders
            and settings.orders_at
            and is_due(time.fromisoformat(settings.orders_at), moment, self._compared_at)
        ):
            self._compared_at = now
            return CloseRequest(run=f"orders-{moment:%Y%m%dT%H%M%S}", flows=(ORDERS,), since=now - WEEK)
        return None

    def _made_at(self) -> int:
        return min((self._closed_at or {}).values(), default=0)

    async def _read_newest(self) -> bool:
        try:
            newest = await self.topic.newest()
        except _AWAY as error:
            _LOG.warning("pages-unreadable", error=str(error)[:200])
            self._next_try = self._app.clock.micros() + AGAIN_AFTER // timedelta(microseconds=1)
            return False
        now = self._app.clock.micros()
        self._closed_at = {flow: newest[flow].made_at if flow in newest else now for flow in self._flows}
        for flow in self._flows:
            COMPLETENESS_CLOSED.labels(flow).set(now / SECOND)
            if self._app.settings.completeness.at:
                COMPLETENESS_INTERVAL.labels(flow).set(timedelta(days=1).total_seconds())
        for page in newest.values():
            self._tell(page)
        return True

    @property
    def _flows(self) -> tuple[str, ...]:
        return tuple(flow for flow in FLOWS if flow != ORDERS or self._app.has_orders)

    # ── one run ──────────────────────────────────────────────────────────────────────────────────

    async def _carry_out(self, request: CloseRequest) -> None:
        run = CloseRun(request, self._app.clock.micros())
        self._remember(run)
        try:
            await self._close(run)
        except LeaseLostError:
            run.ended(RunState.STOPPED, self._app.clock.micros(), "this worker lost its place in the group")
        except _AWAY as error:
            run.ended(RunState.FAILED, self._app.clock.micros(), str(error)[:300])
            self._next_try = self._app.clock.micros() + AGAIN_AFTER // timedelta(microseconds=1)
        else:
            run.ended(RunState.DONE, self._app.clock.micros())
        log = _LOG.info if run.state is RunState.DONE and not run.findings else _LOG.warning
        log("run-ended", run=request.run, state=str(run.state), why=run.why, found=len(run.findings))

    async def _close(self, run: CloseRun) -> None:
        flows = [flow for flow in self._flows if flow in run.request.flows]
        run.expected = len(flows) * self._app.settings.kafka.partitions
        newest = {} if run.request.since else await self.topic.newest()
        for flow in flows:
            page = await self._page(run, flow, newest.get(flow))
            if page is None:
                continue
            run.pages.append(page)
            if not run.request.since:
                await self.topic.keep(page)
                self._tell(page)
                self._closed_at = {**(self._closed_at or {}), flow: page.made_at}
        if run.request.requeue:
            requeue = Requeue(self._app, self._doors(), self._asking)
            wanted = None if EVERYTHING in run.request.requeue else frozenset(run.request.requeue)
            run.requeued = await requeue.all(run, wanted)

    def _tell(self, page: Page) -> None:
        COMPLETENESS_CLOSED.labels(page.flow).set(page.made_at / SECOND)
        not_asked = sum(bool(one.why) for one in page.targets)
        COMPLETENESS_FOUND.labels(page.flow).set(page.found + not_asked)
        for state in State:
            COMPLETENESS_ENTITIES.labels(page.flow, state.value).set(page.states.get(state, 0))

    def _doors(self) -> Mapping[str, Door]:
        """Of every role that orders are written to."""
        return self._app.doors()

    async def _page(self, run: CloseRun, flow: str, last: Page | None) -> Page | None:
        settle = int(self._app.settings.completeness.settle_s * SECOND)
        now = self._app.clock.micros()
        stretch = stretch_of(run.request, last, now - settle)
        if stretch is None:
            return None
        window = Window(stretch.since, stretch.opened_at, stretch.closed_at, now - settle)
        before: Before = {(log.topic, log.partition): log.count.upto for log in (() if last is None else last.logs)}
        listed, never_placed, unread, away = await self._at_the_shop(flow, window)
        looked, whole, looks = await self._looked_twice(run, flow, window, before, listed)
        sums = Sums()
        for one in looked.values():
            _merge(sums, one.sums)
            run.explained += one.explained
            run.asked |= one.asked
            run.entries |= one.entries
        starts = {(log.topic, log.partition): log.starts for log in (() if last is None else last.logs)}
        sums.tell_new((*whole.findings, *cut_short(whole.stretches, starts, window.opened_at)))
        return Page(
            flow=flow,
            opened_at=window.opened_at,
            closed_at=window.closed_at,
            made_at=self._app.clock.micros(),
            by=run.request.by,
            states={state: number for state, number in sums.states.items() if number},
            findings=tuple(sums.findings[:FINDINGS_KEPT]),
            found=sums.found,
            open=tuple(sorted(sums.open)[:OPEN_KEPT]),
            carried_from=sums.oldest,
            logs=tuple(sorted(whole.logs, key=lambda log: (log.topic, log.partition))),
            targets=(*away, *added(target for one in looked.values() for target in one.targets)),
            never_placed=never_placed,
            unread=unread,
            looks=looks,
        )

    async def _looked_twice(
        self, run: CloseRun, flow: str, window: Window, before: Before, listed: Keys
    ) -> tuple[dict[int, Looked], Whole, int]:
        """Every slice, and those that found anything once more, later."""
        partitions = range(self._app.settings.kafka.partitions)
        look = await self._begun(flow, window, before, listed)
        looked: dict[int, Looked] = {}
        for number in partitions:
            looked[number] = await look.slice(number)
            run.done += 1
        whole = look.end()
        doubtful = [number for number, one in looked.items() if one.sums.found]
        if not doubtful:
            return looked, whole, 1
        settle = timedelta(seconds=self._app.settings.completeness.settle_s)
        await self._app.clock.sleep(settle)
        again = await self._begun(flow, window, before, listed)
        for number in doubtful:
            looked[number] = await again.slice(number, looked[number].keys)
        return looked, whole, 2

    async def _begun(self, flow: str, window: Window, before: Before, listed: Keys) -> OrdersLook | StockLook:
        reading = Reading(self._app)
        if flow != ORDERS:
            stock = StockLook(reading, window)
            await stock.begin(before)
            return stock
        orders = OrdersLook(reading, self._doors(), self._asking, window)
        await orders.begin(before, listed)
        return orders

    # ── the shop's own list ──────────────────────────────────────────────────────────────────────

    async def _at_the_shop(
        self, flow: str, window: Window
    ) -> tuple[Keys, tuple[str, ...], tuple[str, ...], tuple[AtTarget, ...]]:
        """Orders that it lists, numbers between them that it does not know or that cannot be read."""
        shop = self._app.shop
        port = shop.ports.shop_orders
        if flow != ORDERS or port is None or not self._app.settings.orders.shop:
            return {}, (), (), ()
        try:
            listed = await self._asking.placed(shop.gate, port, shop.channel, window.since, window.closed_at)
        except (TargetAwayError, PermanentError) as away:
            return {}, (), (), (AtTarget("channel", shop.gate.target, why=str(away)),)
        never_placed: list[str] = []
        unread: list[str] = []
        for number in self._missing(listed):
            try:
                await self._asking.asked(shop.gate, lambda number=number: port.read_order(number))  # type: ignore[misc]  # mypy infers no default arguments
            except NotFoundError:
                never_placed.append(number)
            except (TargetAwayError, PermanentError):
                unread.append(number)
        return listed, tuple(never_placed), tuple(unread), ()

    def _missing(self, listed: Keys) -> list[str]:
        """Numbers between those that were listed."""
        numbers = sorted(row.number for row in listed.values())
        gaps = increment_gaps.seen(increment_gaps.Gaps(), numbers, self._app.clock.micros())
        return [one.number for one in gaps.missing[:NUMBERS_ASKED]]


def _merge(sums: Sums, other: Sums) -> None:
    sums.states += Counter(other.states)
    sums.tell(other.findings)
    sums.found += other.found - len(other.findings)
    sums.open = sorted([*sums.open, *other.open])[:OPEN_KEPT]
