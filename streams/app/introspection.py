"""Facts of a running worker, read from its parts; nothing here changes anything."""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException
from faust.exceptions import ConsumerNotStarted

from connectors.core.ports import StockTarget
from schemas.models.source_item import StockPair
from streams.app import measured, stock_view
from streams.app.completeness.facts import close_run_whole, completeness_fact
from streams.app.counts import by_topic
from streams.app.reconciling import reconcile_fact, run_fact
from streams.domain import stock_entry
from streams.domain.closing import Page
from streams.domain.reconciliation import KEPT_DRIFT
from streams.domain.stock_rules import StockRules
from streams.flows import stock_keys
from streams.flows.stock_records import open_reservations
from streams.runtime.cluster import ClusterUnavailableError
from streams.runtime.control import sink_of
from streams.runtime.kafka import reader_maker
from streams.runtime.lookback import Lookback
from streams.runtime.metrics import (
    CONSUMED,
    DEAD_LETTERS,
    EFFECT_DELAY,
    EFFECTS,
    IGNORED,
    RECOVERY_LEFT,
    STATEMENTS,
)
from streams.runtime.operating.brokers import TopicMissingError
from streams.runtime.versioned import unpack
from streams.topics import DESIRED, STOCK_INPUTS, WMS_SNAPSHOT
from streams.web.completeness_facts import CloseRunWhole
from streams.web.facts import (
    DifferenceFact,
    GapFact,
    IntakeFact,
    LaneFact,
    OrderFact,
    OrderSinkFact,
    Readiness,
    ReferenceFact,
    TargetFact,
    TroubleFact,
    WordFact,
    WorkerFacts,
)
from streams.web.introspection import NotOwnedError
from streams.web.order_facts import OrderSums
from streams.web.reconcile_facts import RunFact
from streams.web.stock_facts import LedgerFact, RowsFact, ShopFact

if TYPE_CHECKING:
    from streams.app.application import Application

VERSION = version("commerce-streams")
NEAR = 5
Sums = Callable[[], OrderSums]
"""What waits of orders; None where orders are off."""


class AppIntrospection:
    """Implements `streams.web.introspection.Introspection`."""

    def __init__(self, application: "Application", rules: StockRules, sums: Sums | None = None) -> None:
        self._app, self._rules, self._sums = application, rules, sums
        settings = application.settings
        self._settings = application.settings_shown()
        reader = reader_maker(settings.kafka, f"{settings.app_id}-look-up", wait_ms=1)
        self._lookback = Lookback(reader, within_s=1.0)

    def readiness(self) -> Readiness:
        app = self._app
        return Readiness(
            worker=app.worker_id,
            started_at=app.health.started_at,
            ready=app.health.is_ready,
            working=app.health.is_working,
            troubles=tuple(TroubleFact(*trouble) for trouble in app.health.troubles),
            recovering={table: int(left) for (table,), left in measured.values(RECOVERY_LEFT).items() if left},
        )

    def facts(self) -> WorkerFacts:
        app, side, part = self._app, self._app.order_side, self.readiness()
        targets = measured.targets((app.shop.gate, *(() if side is None else side.gates.values())))
        return WorkerFacts(
            worker=part.worker,
            url=app.url,
            version=VERSION,
            as_of=app.clock.micros(),
            started_at=part.started_at,
            ready=part.ready,
            working=part.working,
            generation=app.lease.generation,
            troubles=part.troubles,
            intakes=self._intakes(),
            accounted=by_topic(app.shell.tables.values()),
            targets=(targets[app.shop.gate.target],),
            lane=self._lane(),
            gaps=tuple(
                GapFact(tp.topic, tp.partition, start.lost_from, start.lost_to - 1)
                for tp, start in app.shell.gaps.items()
            ),
            recovering=part.recovering,
            settings=self._settings,
            lane_accounted=by_topic([app.rows.table]),
            orders=tuple(OrderFact(o.key, o.state, o.actor, o.reason, o.at) for o in app.orders.orders.values()),
            since_poll_s=app.since_poll().total_seconds(),
            order_sums=None if self._sums is None else self._sums(),
            reference=self._reference(),
            order_sinks=self._order_sinks(targets),
            unknown_words=self._unknown_words(),
            statements={finding: int(number) for (finding,), number in measured.values(STATEMENTS).items() if number},
            reconciliation=reconcile_fact(app.lane.lane.reconciliation) if app.lane.lane.is_open else None,
            completeness=completeness_fact(app.closer, app.settings.completeness) if app.lane.lane.is_open else None,
            measures=measured.watched(),
            other_words=0 if side is None else sum(one.others for one in side.unknown_words.values()),
        )

    def _topics(self) -> tuple[str, ...]:
        """Everything that this worker reads."""
        side = self._app.order_side
        stock = (topic.name for topic in (*STOCK_INPUTS, WMS_SNAPSHOT, DESIRED))
        return tuple(dict.fromkeys((*stock, *(() if side is None else side.inputs))))

    def _order_sinks(self, targets: Mapping[str, TargetFact]) -> tuple[OrderSinkFact, ...]:
        app, side = self._app, self._app.order_side
        if side is None:
            return ()
        return tuple(
            OrderSinkFact(
                role,
                sink_of(role),
                app.sink_mode(sink_of(role)),
                side.pending(role),
                targets[gate.target],
                side.queue(role),
            )
            for role, gate in side.gates.items()
        )

    def _unknown_words(self) -> tuple[WordFact, ...]:
        side = self._app.order_side
        heard = {} if side is None else side.unknown_words
        return tuple(
            WordFact(topic, *word, records=found.records, first_at=found.first_at)
            for topic, words in heard.items()
            for word, found in words.words.items()
        )

    def _reference(self) -> tuple[ReferenceFact, ...]:
        side = self._app.order_side
        return () if side is None else tuple(ReferenceFact(*figures) for figures in side.reference.figures)

    def _intakes(self) -> tuple[IntakeFact, ...]:
        """Metrics and figures are read once for all topics: reading one costs as much as all of its topics."""
        app = self._app
        lags, oldest = self._behind()
        consumed, dead, ignored = measured.values(CONSUMED), measured.by_first(DEAD_LETTERS), measured.by_first(IGNORED)
        return tuple(
            IntakeFact(
                topic=topic,
                partitions=tuple(sorted(lags.get(topic, {}))),
                consumed=int(consumed.get((topic,), 0)),
                lag_records=sum(lags.get(topic, {}).values()),
                oldest_unfinished_s=oldest.get(topic, 0.0),
                paused=app.intake.is_paused(topic),
                dead=dead.get(topic, {}),
                ignored=ignored.get(topic, {}),
            )
            for topic in self._topics()
        )

    def _behind(self) -> tuple[dict[str, dict[int, int]], dict[str, float]]:
        """By topic: lag per partition, and how long a delivery is unfinished; nothing before the consumer runs."""
        try:
            behind, unfinished = self._app.lags(), self._app.oldest_unacknowledged()
        except ConsumerNotStarted:
            return {}, {}
        lags: dict[str, dict[int, int]] = {}
        for (topic, partition), lag in behind.items():
            lags.setdefault(topic, {})[partition] = lag
        oldest: dict[str, float] = {}
        for (topic, _partition), age in unfinished.items():
            oldest[topic] = max(age, oldest.get(topic, 0.0))
        return lags, oldest

    def _lane(self) -> LaneFact | None:
        lane = self._app.lane.lane
        if not lane.is_open:
            return None
        shop = self._app.shop.gate.target
        ended = ((target, outcome, n) for (target, _operation, outcome), n in measured.values(EFFECTS).items())
        applied = sum(n for target, outcome, n in ended if (target, outcome) == (shop, "applied"))
        at, delays = lane.context, measured.buckets_by(EFFECT_DELAY, "").get("", {})
        return LaneFact(
            mode=self._app.sink_mode(),
            pending=at.index.pending,
            oldest_pending_since=at.index.oldest_since(),
            frozen_calls=lane.readback.open,
            rows_per_call=at.index.size.now,
            sources_known=None if at.sources.known is None else len(at.sources.known),
            unknown_skus=tuple(sorted(at.catalogue.unknown))[:100],
            compared=lane.shadow.compared,
            differing=lane.shadow.differing,
            differences=tuple(
                DifferenceFact(
                    one.ours.sku,
                    one.ours.source_code,
                    stock_view.item_text(one.ours),
                    None if one.theirs is None else stock_view.item_text(one.theirs),
                    one.at,
                )
                for one in lane.shadow.differences
            ),
            applied=int(applied),
            delay_p50_s=measured.quantile(delays, 0.5),
            delay_p99_s=measured.quantile(delays, 0.99),
        )

    # ── who owns what ────────────────────────────────────────────────────────────────────────────

    def peers(self) -> dict[str, str]:
        found = {str(url).rstrip("/"): "member" for url in self._app.faust.router.tables_metadata()}
        return {self._app.url: "this worker", **{url: what for url, what in found.items() if url != self._app.url}}

    def partitions(self) -> dict[str, tuple[int, ...]]:
        ledger = self._app.ledger.changelog
        metadata = self._app.faust.router.tables_metadata()
        return {str(url).rstrip("/"): tuple(sorted(topics.get(ledger, ()))) for url, topics in metadata.items()}

    def owner_of_sku(self, sku: str) -> str | None:
        return self._owner(self._app.ledger.changelog, self._app.partition_of(sku))

    def owner_of_lane(self) -> str | None:
        return self._owner(self._app.rows.table.changelog, 0)

    def _owner(self, changelog: str, partition: int) -> str | None:
        for url, topics in self._app.faust.router.tables_metadata().items():
            if partition in topics.get(changelog, ()):
                return str(url).rstrip("/")
        return None

    # ── views of what this worker owns ───────────────────────────────────────────────────────────

    async def ledger(self, sku: str) -> LedgerFact | None:
        partition = self._app.partition_of(sku)
        if partition not in self._app.ledger.owned:
            raise NotOwnedError(sku)
        store = self._app.ledger.store(partition)
        stored = store.get(stock_keys.entry(sku))
        if stored is None:
            return None
        seen, payload = unpack(stored)
        entry = stock_entry.decode(payload)
        causes = await stock_view.causes(self._app.serde, self._lookback, entry, partition)
        held = open_reservations(store, sku)
        return stock_view.ledger_fact(
            sku, partition, entry, str(seen), causes=causes, reservations=held, rules=self._rules
        )

    def near(self, sku: str) -> tuple[str, ...]:
        """SKUs of this worker that begin alike, or differ in case only."""
        found: list[str] = []
        for form in dict.fromkeys((sku[:-1] or sku, sku.upper(), sku.lower())):
            for partition in sorted(self._app.ledger.owned):
                scan = self._app.ledger.store(partition).scan(stock_keys.entry(form))
                found += [key[1:].decode() for key, _ in islice(scan, NEAR)]
        return tuple(dict.fromkeys(one for one in found if one != sku))[:NEAR]

    async def rows(self, sku: str) -> RowsFact | None:
        if 0 not in self._app.rows.table.owned:
            raise NotOwnedError(sku)
        shop_sku = self._rules.sku_of(sku)
        entry = self._app.rows.entries([shop_sku])[shop_sku]
        return stock_view.rows_fact(shop_sku, entry, self._app.lane.lane.context.index) if entry.rows else None

    def run(self, run: str) -> RunFact | None:
        runs = self._app.lane.lane.reconciliation.runs
        found = next((one for one in runs if one.request.run == run), None)
        return None if found is None else run_fact(found, KEPT_DRIFT)

    def closing(self, run: str) -> CloseRunWhole | None:
        found = next((one for one in self._app.closer.runs if one.request.run == run), None)
        return None if found is None else close_run_whole(found)

    async def pages(self, since: int, before: int) -> tuple[Page, ...] | None:
        topic = self._app.closer.topic
        try:
            return tuple(await topic.of(since, before) if before else (await topic.newest()).values())
        except (ClusterUnavailableError, KafkaException, TopicMissingError):
            return None

    async def shop(self, sku: str, sources: tuple[str, ...]) -> tuple[ShopFact, ...]:
        port: StockTarget = self._app.shop.port
        found = await port.read_source_items([StockPair(source, self._rules.sku_of(sku)) for source in sources])
        now = self._app.clock.micros()
        return tuple(ShopFact(item.source_code, str(item.quantity), item.in_stock, now) for item in found.values())
