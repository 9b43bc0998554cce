"""Workers as they could be: calm, busy, empty, half silent, rebuilding, hostile.  The pages are served from these."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from aiohttp import web

from connectors.core.errors import TargetUnavailableError
from streams.domain.closing import Page
from streams.runtime.operating.letter_closings import Closing
from streams.runtime.operating.letter_edits import EDITABLE
from streams.settings import WebSettings
from streams.web import facts as f
from streams.web.acts import ActFailedError, LetterAct, LettersEnded, Mandate, Mode, OrderAct, Place, Told
from streams.web.completeness_facts import CloseRunWhole
from streams.web.install import Now, Ports, install
from streams.web.introspection import Introspection, NotOwnedError
from streams.web.letter_groups import Letter, group_id
from streams.web.letter_index import IndexState, LetterIndex
from streams.web.letter_log import StoredLetter
from streams.web.letter_view import Decoded
from streams.web.reconcile_facts import CandidateFact, DriftFact, FindingFact, ReconcileFact, RunFact
from streams.web.stock_facts import (
    CauseFact,
    LedgerFact,
    ReservationFact,
    RowFact,
    RowsFact,
    ScopeFact,
    ShopFact,
    SourceFact,
    TermFact,
)
from tests.fakes.clock import FakeClock
from tests.unit.streams.web.order_worlds import ACCOUNTED as ORDERS_ACCOUNTED
from tests.unit.streams.web.order_worlds import Orders
from tests.unit.streams.web.order_worlds import intakes as order_intakes

START = datetime(2026, 11, 21, 2, 14, 7, tzinfo=UTC)
SECOND = 1_000_000
NOW = int(START.timestamp()) * SECOND
STOCK, HOLD, REBASE, RESERVATION, DESIRED = (
    "wms.stock-change.v1",
    "inventory.hold.v1",
    "inventory.rebase.v1",
    "inventory.reservation-request.v1",
    "inventory.desired.v1",
)
SETTINGS = {
    "STREAMS_KAFKA__BOOTSTRAP_SERVERS": "kafka-1:9092,kafka-2:9092",
    "STREAMS_KAFKA__PARTITIONS": "8",
    "STREAMS_KAFKA__SASL_PASSWORD": "set",
    "STREAMS_KAFKA__SESSION_TIMEOUT_S": "10.0",
    "STREAMS_SCHEMA_REGISTRY__URL": "http://reader:canary-secret@registry:8081/apis/ccompat/v7",
    "STREAMS_WEB__TOKEN": "set",
    "STREAMS_WORKER_ID": "",
}


class WebClock(FakeClock):
    """The test clock with what the runtime asks besides."""

    def __init__(self) -> None:
        super().__init__(START)

    def micros(self) -> int:
        return int(self.now().timestamp() * SECOND)

    def random(self) -> float:
        return 0.5


def intake(topic: str, partitions: tuple[int, ...], **changes: object) -> f.IntakeFact:
    made = f.IntakeFact(topic, partitions, 40_000, 41, 0.2, paused=False, dead={}, ignored={})
    return msgspec.structs.replace(made, **changes)


def target(**changes: object) -> f.TargetFact:
    made = f.TargetFact(
        "adobe_commerce", "closed", 0, "", NOW - 300_000, {"200": 9_120, "429": 12}, p50_s=0.1, p99_s=0.25
    )
    return msgspec.structs.replace(made, **changes)


def lane(**changes: object) -> f.LaneFact:
    made = f.LaneFact(
        mode="run",
        pending=0,
        oldest_pending_since=None,
        frozen_calls=0,
        rows_per_call=100,
        sources_known=3,
        unknown_skus=(),
        compared=0,
        differing=0,
        differences=(),
        applied=402_118,
        delay_p50_s=0.5,
        delay_p99_s=2.0,
    )
    return msgspec.structs.replace(made, **changes)


def drift(sku: str = "PUMP-200", **changes: object) -> DriftFact:
    made = DriftFact("foreign-edit", sku, "north", "120 in stock", "97 in stock", NOW - 7200 * SECOND, repaired=False)
    return msgspec.structs.replace(made, **changes)


def reconcile_run(scope: str = "full", **changes: object) -> RunFact:
    """Of two hours ago; everything agreed."""
    made = RunFact(
        run=f"{scope}-1",
        scope=scope,
        by="timer",
        state="done",
        why="",
        started_at=NOW - 7450 * SECOND,
        ended_at=NOW - 7200 * SECOND,
        expected=300_000,
        listed=300_000,
        compared=300_000,
        agree=300_000,
        unsettled=0,
        set_aside=0,
        calls=1_004,
        found={"missing": 0, "stale": 0, "foreign-edit": 0, "orphan": 0},
        repaired={"missing": 0, "stale": 0, "foreign-edit": 0, "orphan": 0},
        repair=(),
    )
    return msgspec.structs.replace(made, **changes)


def reservation(**changes: object) -> FindingFact:
    """A compensation that is missing."""
    made = FindingFact(
        kind="not-compensated",
        stock_id=1,
        sku="PUMP-200",
        salable="38",
        available="40",
        reserved="-2",
        expected="0",
        difference="-2",
        certainty="certain",
        is_bound=False,
        at=NOW - 7200 * SECOND,
        candidates=(CandidateFact("000000172", "canceled", "2", "is canceled, and its reservation is open still"),),
        compensation="000000172:PUMP-200:+2:1",
        pasteable=True,
    )
    return msgspec.structs.replace(made, **changes)


def reservation_run(*findings: FindingFact, **changes: object) -> RunFact:
    found = {one.kind: sum(other.kind == one.kind for other in findings) for one in findings}
    return reconcile_run("reservations", found=found, repaired={}, findings=findings, **changes)


def reconciling(*runs: RunFact, **changes: object) -> ReconcileFact:
    next_at = {"window": NOW + 200 * SECOND, "full": NOW + 80_000 * SECOND}
    made = ReconcileFact(refusal="", every_s=300, full_at="02:30", repair=(), next_at=next_at, runs=runs)
    return msgspec.structs.replace(made, **changes)


ACCOUNTED = {
    STOCK: {
        "accepted": 1_607_139, "ignored": 8_806, "dead": 1_024, "handed": 1_607_108, "parked": 31,
        "applied": 402_118, "superseded": 1_204_990,
    },
    HOLD: {"accepted": 210, "handed": 210, "applied": 200, "superseded": 10},
    REBASE: {"accepted": 2},
    RESERVATION: {"accepted": 4, "ignored": 1},
}  # fmt: skip
LANE_ACCOUNTED = {STOCK: {"applied": 402_118, "superseded": 1_204_990}, HOLD: {"applied": 200, "superseded": 10}}


def worker(number: int = 1, partitions: tuple[int, ...] = tuple(range(8)), **changes: object) -> f.WorkerFacts:
    """Owns the lane and all counts where it is the first."""
    first = number == 1
    made = f.WorkerFacts(
        worker=f"worker-{number}",
        url="http://127.0.0.1:9",
        version="0.1.0",
        as_of=NOW,
        started_at=NOW - 8 * 3600 * SECOND,
        ready=True,
        working=True,
        generation=3,
        troubles=(),
        intakes=(
            intake(STOCK, partitions),
            intake(HOLD, partitions, consumed=210, lag_records=0, oldest_unfinished_s=0.0),
            intake(REBASE, partitions, consumed=2, lag_records=0, oldest_unfinished_s=0.0),
            intake(RESERVATION, partitions, consumed=5, lag_records=0, oldest_unfinished_s=0.0),
            intake(DESIRED, (0,) if first else (), consumed=9_000, lag_records=0, oldest_unfinished_s=0.0),
        ),
        accounted=ACCOUNTED if first else {},
        targets=(target(),),
        lane=lane() if first else None,
        gaps=(),
        recovering={},
        settings=SETTINGS,
        lane_accounted=LANE_ACCOUNTED if first else {},
        orders=(),
        since_poll_s=0.2,
        reconciliation=reconciling(reconcile_run()) if first else None,
    )
    return msgspec.structs.replace(made, **changes)


def letter(number: int, *, reason: str = "unknown-location", detail: str = "", **changes: object) -> Letter:
    said = detail or "location 'WMS-07' of 'wms-north'"
    topic = str(changes.get("origin_topic", STOCK))
    made = Letter(
        partition=0,
        offset=number,
        origin_topic=STOCK,
        origin_partition=number % 8,
        origin_offset=88_000 + number,
        key=f"PUMP-{number % 812:03d}",
        reason=reason,
        detail=said,
        group=group_id(reason, topic, said),
        at=NOW - max(0, 5400 - 5 * number) * SECOND,
        size=148,
        attempts=1,
    )
    return msgspec.structs.replace(made, **changes)


TERMS = (
    TermFact("on_hand", 1, "131"),
    TermFact("available", 1, "0"),
    TermFact("wip", 1, "0"),
    TermFact("on_hold", -1, "4"),
    TermFact("allocated", -1, "0"),
    TermFact("channels", -1, "5"),
    TermFact("shipped", 1, "0"),
    TermFact("buffer", -1, "2"),
)


def source(code: str, desired: str | None, **changes: object) -> SourceFact:
    made = SourceFact(
        code, desired, in_stock=True, shown=True, terms=TERMS, without_base=(), changes=44, holds=1,
        cause_topic=STOCK, cause_offset=88_120,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def row(code: str, wanted: str, acked: str | None, **changes: object) -> RowFact:
    made = RowFact(
        source_code=code,
        state="clean" if wanted == acked else "dirty",
        wanted=wanted,
        wanted_in_stock=True,
        wanted_version="1.412",
        acked=acked,
        acked_in_stock=None if acked is None else True,
        acked_version="1.411",
        acked_at=None if acked is None else NOW - 14 * SECOND,
        dirty_since=None if wanted == acked else NOW - SECOND // 2,
        reason="",
    )
    return msgspec.structs.replace(made, **changes)


def ledger(sku: str = "PUMP-200", **changes: object) -> LedgerFact:
    scope = ScopeFact(
        "WMS-01", "ON_HAND", "wms-north", "acme", "131", base="140", base_at=NOW - 7200 * SECOND,
        newest_at=NOW - 14 * SECOND, remembered=9, suspect=False,
    )  # fmt: skip
    cause = CauseFact(STOCK, 3, 88_120, NOW - 14 * SECOND, "DELTA", "ON_HAND", "WMS-01", "-1", "PICK", "e-1")
    lost = CauseFact(STOCK, 3, 88_001, None, None, None, None, None, None, None)
    made = LedgerFact(
        sku,
        partition=3,
        version="1.412",
        sources=(source("north", "120"), source("south", "70.7", terms=())),
        scopes=(
            scope,
            msgspec.structs.replace(scope, bucket="ON_HOLD", value="4", base=None, base_at=None, suspect=True),
        ),
        causes=(cause, lost),
        near=(),
        reservations=(
            ReservationFact("r-1", "pos", "held", "2", ("north: 2",), NOW + 300 * SECOND, None, NOW - 60 * SECOND),
            ReservationFact("r-2", "edi", "confirmed", "5", ("south: 5",), None, "edi-88", NOW - 7200 * SECOND),
        ),
        promisable="190.7",
    )
    return msgspec.structs.replace(made, **changes)


@dataclass
class World(Introspection):
    """Everything that one worker would tell, and what was asked of it."""

    own: f.WorkerFacts = field(default_factory=worker)
    others: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """URL → partitions of the other workers."""
    ledgers: dict[str, LedgerFact] = field(default_factory=dict)
    lane_rows: dict[str, tuple[RowFact, ...]] = field(default_factory=dict)
    shops: dict[str, tuple[ShopFact, ...]] = field(default_factory=dict)
    shop_down: bool = False
    ledger_owner: str | None = "own"
    lane_owner: str | None = "own"
    letters: list[Letter] = field(default_factory=list)
    closings: dict[str, Closing] = field(default_factory=dict)
    """Letter id → what became of it."""
    letter_bytes: bytes = b"\x00\x00\x00\x00\x07Hello \xff\x00 bytes"
    index_state: IndexState = field(default_factory=lambda: IndexState(known=True, why=""))
    nearby: tuple[str, ...] = ()
    clock: WebClock = field(default_factory=WebClock)
    asked_shop: int = 0
    orders: Orders | None = None
    """None: orders are off."""
    kept_pages: tuple[Page, ...] | None = ()
    closed_runs: dict[str, CloseRunWhole] = field(default_factory=dict)

    def readiness(self) -> f.Readiness:
        told = self.own
        return f.Readiness(told.worker, told.started_at, told.ready, told.working, told.troubles, told.recovering)

    def facts(self) -> f.WorkerFacts:
        if self.orders is None:
            return self.own
        partitions = next(one.partitions for one in self.own.intakes)
        return msgspec.structs.replace(
            self.own,
            order_sums=self.orders.sums(),
            order_sinks=self.orders.sinks(),
            intakes=(*self.own.intakes, *order_intakes(partitions)),
            accounted={**self.own.accounted, **ORDERS_ACCOUNTED},
        )

    def peers(self) -> dict[str, str]:
        return {self.own.url: "this worker", **dict.fromkeys(self.others, "member")}

    def partitions(self) -> dict[str, tuple[int, ...]]:
        return {self.own.url: (), **self.others}

    def near(self, sku: str) -> tuple[str, ...]:
        return self.nearby

    def owner_of_sku(self, sku: str) -> str | None:
        return self.own.url if self.ledger_owner == "own" else self.ledger_owner

    def owner_of_lane(self) -> str | None:
        return self.own.url if self.lane_owner == "own" else self.lane_owner

    async def ledger(self, sku: str) -> LedgerFact | None:
        if self.ledger_owner != "own":
            raise NotOwnedError(sku)
        return self.ledgers.get(sku)

    async def rows(self, sku: str) -> RowsFact | None:
        if self.lane_owner != "own":
            raise NotOwnedError(sku)
        return RowsFact(sku, self.lane_rows[sku]) if sku in self.lane_rows else None

    def run(self, run: str) -> RunFact | None:
        known = () if self.own.reconciliation is None else self.own.reconciliation.runs
        return next((one for one in known if one.run == run), None)

    def closing(self, run: str) -> CloseRunWhole | None:
        return self.closed_runs.get(run)

    async def pages(self, since: int, before: int) -> tuple[Page, ...] | None:
        if self.kept_pages is None or not before:
            return self.kept_pages
        return tuple(page for page in self.kept_pages if since < page.closed_at <= before)

    async def shop(self, sku: str, sources: tuple[str, ...]) -> tuple[ShopFact, ...]:
        self.asked_shop += 1
        if self.shop_down:
            raise TargetUnavailableError("connection refused")
        return self.shops.get(sku, ())

    async def follow(self, index: LetterIndex) -> None:
        """As a source of letters."""
        index.state = self.index_state
        for one in self.letters:
            index.add(one)
        for letter_id, closing in self.closings.items():
            index.close(letter_id, closing)
        await asyncio.Event().wait()

    async def letter(self, letter: Letter) -> StoredLetter | None:
        headers = (("ce_id", b"4711"), ("dl_reason", letter.reason.encode()), ("dl_detail", letter.detail.encode()))
        return StoredLetter(letter.key.encode(), self.letter_bytes, headers)


@dataclass
class FakeActs:
    """Notes what was ordered; fails while `down`."""

    done: list[tuple[object, ...]] = field(default_factory=list)
    down: bool = False

    def _note(self, *what: object) -> None:
        if self.down:
            raise ActFailedError("Kafka did not take it: KafkaTimeoutError. Repeating it is safe.")
        self.done.append(what)

    async def set_sink(self, role: str, mode: Mode, before: str, mandate: Mandate) -> None:
        self._note("sink", role, mode, before, mandate.actor, mandate.reason)

    async def resume(self, topic: str, mandate: Mandate) -> None:
        self._note("resume", topic, mandate.actor)

    async def accept_gap(self, topic: str, partition: int, upto: int, mandate: Mandate) -> None:
        self._note("gap", topic, partition, upto)

    async def recount(self, place: Place, mandate: Mandate) -> None:
        self._note("recount", place)

    async def rebase(self, place: Place, before: str, quantity: int, mandate: Mandate) -> None:
        self._note("rebase", place, before, quantity)

    async def reconcile(self, scope: str, repair: tuple[str, ...] | None, mandate: Mandate) -> None:
        self._note("reconcile", scope, repair, mandate.id, mandate.actor)

    async def reveal(self, letter: str, mandate: Mandate) -> None:
        self._note("reveal", letter, mandate.actor, mandate.reason)

    async def order(self, act: OrderAct, mandate: Mandate) -> None:
        self._note("order", act.order_id, act.kind, act.before, act.order, mandate.actor, mandate.reason)

    async def reveal_order(self, order_id: str, mandate: Mandate) -> None:
        self._note("reveal-order", order_id, mandate.actor, mandate.reason)


@dataclass
class FakeLetterActs:
    """Notes what was worked on; answers what it is told to, after `go` where one is set."""

    done: list[tuple[object, ...]] = field(default_factory=list)
    answer: LettersEnded | Exception | None = None
    go: asyncio.Event | None = None
    told: list[Told] = field(default_factory=list)

    async def work(self, act: LetterAct, mandate: Mandate, told: Told) -> LettersEnded:
        self.done.append((act.kind, len(act.places), act.fields, mandate.actor, mandate.reason))
        self.told.append(told)
        if self.go is not None:
            await self.go.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or LettersEnded(f"{len(act.places)} sent.", len(act.places))

    async def correctable(self, topic: str, value: bytes) -> Mapping[str, str | None]:
        if topic != STOCK:
            return dict.fromkeys(EDITABLE.get(topic, ()), "canary@example.org")
        return {"location_code": self.location, "bucket": "ON_HAND", "kind": "DELTA", "uom": None, "owner_code": None}

    location: str = "WMS-07"


async def decode(topic: str, value: bytes) -> Decoded:
    """As if the registry knew the schema of stock changes alone."""
    if topic != STOCK:
        return Decoded(error=f"no schema is known for the topic {topic}")
    return Decoded((("event_id", "e-1"), ("sku", "PUMP-200"), ("quantity", "-1"), ("location_code", "WMS-07")))


@dataclass
class Served:
    """A worker's pages on a free port."""

    url: str
    world: World
    acts: FakeActs
    letter_acts: FakeLetterActs
    runner: web.AppRunner

    async def close(self) -> None:
        await self.runner.cleanup()


async def serve(world: World, settings: WebSettings | Now | None = None, *, port: int = 0) -> Served:
    """Started; its own URL is put into its facts."""
    acts, letter_acts = FakeActs(), FakeLetterActs()
    listening = socket.create_server(("127.0.0.1", port))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    world.own = msgspec.structs.replace(world.own, url=url)
    if world.orders is not None:
        world.orders.url = url
    app = web.Application()
    now = settings if callable(settings) else lambda: settings or WebSettings()
    install(app, now, Ports(world, acts, letter_acts, world, decode, world.clock, world.orders))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    await asyncio.sleep(0)  # noqa: TID251  the letters are read by a task that begins with the next turn
    return Served(url, world, acts, letter_acts, runner)


@asynccontextmanager
async def served(world: World, settings: WebSettings | Now | None = None) -> AsyncIterator[Served]:
    one = await serve(world, settings)
    try:
        yield one
    finally:
        await one.close()


HOUR = timedelta(hours=1)
