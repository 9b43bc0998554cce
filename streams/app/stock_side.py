"""The stock flow of a worker: ledger, lane to the shop, and warehouses' statements, put together."""

from datetime import timedelta
from typing import Protocol

from streams.app.intake import Intake
from streams.app.parts import LanePart, StatementsPart, StockPart
from streams.app.targets import ShopTarget
from streams.domain.stock_rules import StockRules
from streams.domain.stock_statement import Finding
from streams.flows.record_reader import RecordReader
from streams.flows.reservation_sweep import ReservationSweep
from streams.flows.stock import StockFlow
from streams.flows.stock_keys import derive_index
from streams.flows.stock_records import StockRecords
from streams.flows.stock_statements import StockStatements
from streams.flows.stock_sweep import Limits, StockSweep
from streams.runtime.clock import Clock
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.guard import Guard
from streams.runtime.lease import Lease
from streams.runtime.lookback import Lookback
from streams.runtime.metrics import begin_statements
from streams.runtime.partition_store import Derive, no_index
from streams.runtime.serde import Serde
from streams.runtime.table import BulkTable
from streams.runtime.traces import Traces
from streams.runtime.writer import Writer
from streams.settings import Settings
from streams.settings.rules import lane_rules, reconcile_rules, shipment_limits
from streams.sinks.lane_catalogue import LaneCatalogue
from streams.sinks.lane_context import LaneContext
from streams.sinks.lane_index import LaneIndex
from streams.sinks.lane_sources import LaneSources
from streams.sinks.lane_table import LaneTable
from streams.sinks.stock_lane import Mode, StockLane
from streams.tables import STOCK_LEDGER, STOCK_WRITE, TableSpec
from streams.topics import DESIRED, RECORD_BYTES, STOCK_INPUTS, WMS_SNAPSHOT


class Around(Protocol):
    """What the application around this part offers."""

    settings: Settings
    clock: Clock
    lease: Lease
    writer: Writer
    letters: DeadLetters
    lookback: Lookback
    serde: Serde
    intake: Intake
    rules: StockRules
    shop: ShopTarget
    traces: Traces
    worker_id: str

    def table(self, spec: TableSpec, derive: Derive) -> BulkTable:
        """Declared with Faust, and known to the shell with what feeds it."""
        ...

    def sink_mode(self) -> Mode:
        """What operators ordered last."""
        ...

    def failed(self, error: BaseException) -> None:
        """A fault that ends the process."""
        ...


class StockSide:
    """Its tables and parts; made once."""

    def __init__(self, app: Around) -> None:
        self._app = app
        self.ledger = app.table(STOCK_LEDGER, derive_index)
        self.rows = LaneTable(app.table(STOCK_WRITE, no_index))
        self.stock = self._stock_part()
        self.lane = self._lane_part()
        self.statements = self._statements_part()

    def _stock_part(self) -> StockPart:
        rules = self._app.rules
        guards = {topic.name: Guard(topic.name, self._app.intake.pause_after_errors) for topic in STOCK_INPUTS}
        records = StockRecords(self._app.serde, rules, guards, self._app.settings.inventory.max_record_bytes)
        flow = StockFlow(
            self.ledger,
            self._app.writer,
            self._app.letters,
            records=records,
            encode=self._app.serde.encode,
            rules=rules,
            clock=self._app.clock,
            worker=self._app.worker_id,
            traces=self._app.traces,
        )
        set_ = self._app.settings.inventory
        hold, base, every = (timedelta(seconds=s) for s in (set_.hold_limit_s, set_.base_alert_s, set_.check_every_s))
        limits = Limits(hold=hold, base=base, every=every)
        sweep = StockSweep(
            self.ledger, self._app.writer, encode=self._app.serde.encode, limits=limits, clock=self._app.clock
        )
        ends = ReservationSweep(
            self.ledger,
            self._app.writer,
            encode=self._app.serde.encode,
            every=timedelta(seconds=set_.reservation_check_s),
            clock=self._app.clock,
        )
        return StockPart(flow, (sweep, ends), self._app.failed, is_paused=self._app.intake.is_paused)

    def _statements_part(self) -> StatementsPart:
        begin_statements(Finding)
        settings = self._app.settings
        guards = {WMS_SNAPSHOT.name: Guard(WMS_SNAPSHOT.name, self._app.intake.pause_after_errors)}
        statements = StockStatements(
            self.ledger,
            self._app.writer,
            self._app.letters,
            reader=RecordReader(self._app.serde, guards, settings.inventory.max_record_bytes),
            encode=self._app.serde.encode,
            rules=self._app.rules,
            clock=self._app.clock,
            patience=timedelta(seconds=settings.reconcile.snapshot_patience_s),
        )
        return StatementsPart(statements, self._app.failed, is_paused=self._app.intake.is_paused)

    def _lane_part(self) -> LanePart:
        port, gate, clock = self._app.shop.port, self._app.shop.gate, self._app.clock
        context = LaneContext(
            table=self.rows,
            index=LaneIndex(lane_rules(self._app.settings.inventory), clock, self._app.shop.size),
            port=port,
            sources=LaneSources(port, gate, clock),
            catalogue=LaneCatalogue(port, gate, clock),
            gate=gate,
            writer=self._app.writer,
            letters=self._app.letters,
            lookback=self._app.lookback,
            clock=clock,
            encode=self._app.serde.encode,
            settle=timedelta(seconds=self._app.shop.settings.settle_s),
            permit=self._app.lease.check,
            failed=self._app.failed,
            reservations=self._app.shop.ports.reservations,
            traces=self._app.traces,
        )
        guards = {DESIRED.name: Guard(DESIRED.name, self._app.intake.pause_after_errors)}
        reader = RecordReader(self._app.serde, guards, RECORD_BYTES)
        limits = shipment_limits(self._app.settings.inventory)
        reconcile = reconcile_rules(self._app.settings.reconcile, self._app.settings.inventory.threshold)
        lane = StockLane(context, self._app.sink_mode, limits, reconcile)
        return LanePart(lane, self.rows, reader, self._app.letters, self._app.failed)
