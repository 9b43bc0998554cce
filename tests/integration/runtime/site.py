"""One application on the shared stack: its own group, changelogs, SKUs and data directories; the topics are shared."""

import itertools
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

from confluent_kafka import KafkaException

from schemas.catalogue import OPERATOR_CONTROL, STOCK_CHANGE
from schemas.codec import Writer, frame
from schemas.models.inventory import HoldKind, InventoryHold
from schemas.models.operations import OperatorControl
from streams.runtime.clock import SystemClock
from streams.runtime.kafka import partition_of
from streams.runtime.lookback import Place
from streams.runtime.operating.gap_list import gap_key
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition
from streams.runtime.operating.posting import Outgoing
from streams.tables import STOCK_LEDGER, STOCK_WRITE, changelog
from streams.topics import CONTROL, DESIRED, HOLD, STOCK_INPUTS
from tests.integration.cli.desk import Desk
from tests.processes import Shop, Worker, until

STOCK = "wms.stock-change.v1"
SOURCE = "WH-1"
INPUTS = tuple(topic.name for topic in (*STOCK_INPUTS, DESIRED))
PARTITIONS = 2
LONG_S = 120.0
CANNOT_RUN = 2
STARTED = "\n── started ──\n"


@dataclass
class Site:
    """`desk` has the settings; `begin` lets its group start where the shared topics end now."""

    desk: Desk
    shop: Shop
    folder: Path
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sequence = itertools.count(1)

    @property
    def app_id(self) -> str:
        return self.desk.app_id

    @property
    def ledger_log(self) -> str:
        return changelog(self.app_id, STOCK_LEDGER)

    @property
    def lane_log(self) -> str:
        return changelog(self.app_id, STOCK_WRITE)

    def sku(self, name: str = "A") -> str:
        return f"{self.app_id}-{name}"

    # ── start and end ────────────────────────────────────────────────────────────────────────────

    def begin(self) -> "Site":
        self.desk.run("topics", "apply")
        self.desk.run("schemas", "apply")
        until(self._is_placed, within=LONG_S, what="the group coordinator is there", step=0.3)
        for part, end in self.ends().items():
            order = OperatorControl(key=gap_key(part), state="accepted", value=str(end), actor="tests", at=0)
            self.desk.say(CONTROL.name, order.key, order)
        return self

    def _is_placed(self) -> bool:
        try:
            self.desk.brokers.commit(self.app_id, self.ends())
        except KafkaException:  # a fresh broker's coordinator is still loading
            return False
        return True

    def worker(self, name: str = "a", *, program: str = "", **changes: str) -> Worker:
        """A new process of the worker `name`, started; an earlier one of this name left its directory to it.

        `program` is Python to run instead of the worker's own command.
        """
        made = Worker(name, self.folder, {**self.desk.environ, **changes})
        if program:
            made._arguments = [sys.executable, "-c", program]
        self.workers.append(made)
        with made.log_path.open("a") as log:
            log.write(STARTED)
        made.start()
        return made

    def ready(self, name: str = "a", **changes: str) -> Worker:
        return self.worker(name, **changes).wait_ready(LONG_S)

    def refusal(self, name: str = "a") -> str:
        """The one line of a worker that ends by itself with exit code 2."""
        worker = self.worker(name)
        assert worker.wait(LONG_S) == CANNOT_RUN, worker.log
        said = worker.log.rpartition(STARTED)[2]
        (line,) = [line for line in said.splitlines() if line.startswith("commerce-streams: ")]
        return line

    def end(self) -> None:
        for worker in self.workers:
            worker.end()
        self.desk.close()

    # ── records as the WMS writes them ───────────────────────────────────────────────────────────

    def record(self, sku: str, kind: str, quantity: object, **fields: object) -> dict[str, object]:
        """Of `sku` at SOURCE, effective now; `fields` replace what is set here."""
        now, sequence = SystemClock().micros(), next(self._sequence)
        return {
            "event_id": f"{sku}-{sequence}",
            "source_system": "wms",
            "source_sequence": sequence,
            "sku": sku,
            "location_code": SOURCE,
            "kind": kind,
            "bucket": "ON_HAND",
            "quantity": int(Decimal(str(quantity)) * 1_000_000),
            "reason": "CYCLE_COUNT",
            "effective_at": now,
            "recorded_at": now,
            **fields,
        }

    def change(self, sku: str, kind: str, quantity: object, **fields: object) -> Outgoing:
        """The record as a message."""
        record = self.record(sku, kind, quantity, **fields)
        schema_id = self.desk._registry.id_of(STOCK_CHANGE.subject, STOCK_CHANGE.schema_text)
        assert schema_id is not None
        return Outgoing(STOCK, sku.encode(), frame(schema_id, Writer(STOCK_CHANGE.schema).write(record)))

    def count(self, sku: str, quantity: object, **fields: object) -> Place:
        """The WMS states what it holds."""
        return self.post(self.change(sku, "ABSOLUTE", quantity, **fields))

    def move(self, sku: str, quantity: object, **fields: object) -> Place:
        """The WMS states what came or went."""
        return self.post(self.change(sku, "DELTA", quantity, **fields))

    def hold(self, sku: str, quantity: int, *, kind: HoldKind, since: int = 0) -> Place:
        """The quantity is held at SOURCE, for `since` µs already."""
        at = SystemClock().micros() - since
        hold = InventoryHold(
            hold_id=f"{sku}-{at}",
            revision=1,
            sku=sku,
            source_code=SOURCE,
            kind=kind,
            quantity=quantity * 1_000_000,
            effective_at=at,
        )
        return self.desk.say(HOLD.name, sku, hold)

    def post(self, message: Outgoing) -> Place:
        (place,) = self.desk.post([message])
        return place

    def partition(self, sku: str) -> int:
        return partition_of(sku.encode(), PARTITIONS)

    # ── what came of them ────────────────────────────────────────────────────────────────────────

    def shown(self, sku: str) -> Decimal | None:
        """What the shop shows of the SKU at SOURCE."""
        found = self.shop.source_items().get((SOURCE, sku))
        return None if found is None else Decimal(found[0])

    def wait_shown(self, sku: str, quantity: object) -> None:
        wanted = Decimal(str(quantity))
        until(lambda: self.shown(sku) == wanted, within=LONG_S, what=lambda: self._state(f"{sku} shows {wanted}"))

    def wait_read(self, *topics: str) -> None:
        """Everything that lies in the topics is committed."""
        until(lambda: self.unread(*topics) == 0, within=LONG_S, what=lambda: self._state("everything is read"))

    def unread(self, *topics: str) -> int:
        committed, ends = self.committed(), self.ends()
        return sum(ends[part] - (committed[part] or 0) for part in ends if part.topic in (topics or INPUTS))

    def committed(self) -> dict[Partition, int | None]:
        return self.desk.brokers.committed(self.app_id, self._parts())

    def ends(self) -> dict[Partition, int]:
        return {part: span.end for part, span in self.desk.brokers.spans(self._parts()).items()}

    def _parts(self) -> list[Partition]:
        return [part for topic in INPUTS for part in self.desk.brokers.partitions(topic)]

    def written(self, sku: str) -> int:
        """How often the SKU was in a write to the shop."""
        details = [entry.get("detail") or {} for entry in self.shop.journal() if entry["method"] == "POST"]
        return sum(row["sku"] == sku for detail in details for row in detail.get("rows", ()))

    def letters(self) -> list[LogRecord]:
        """Dead letters of this application."""
        return [one for one in self.desk.records("dead-letter.v1") if one.header("dl_app") == self.app_id]

    def orders(self) -> Mapping[str, str]:
        """Standing orders: key → newest state."""
        found = (self.desk.wire.decode(OPERATOR_CONTROL, one.value) for one in self.desk.records(CONTROL.name))
        return {order.key: order.state for order in found if isinstance(order, OperatorControl)}

    def metric(self, worker: Worker, sample: str) -> float:
        """Of a sample by its whole name with labels; 0 where there is none yet."""
        return next((float(line.split()[-1]) for line in _lines(worker) if line.startswith(f"{sample} ")), 0.0)

    def accounted(self, worker: Worker) -> Mapping[str, int]:
        """Outcome → records of the stock topic, once every record that was handed to the lane has ended there."""

        def found() -> Mapping[str, int]:
            totals: dict[str, dict[str, int]] = worker.facts()["accounted"]
            return totals.get(STOCK, {})

        def closes() -> bool:
            now = found()
            return now.get("handed", 0) == now.get("applied", 0) + now.get("superseded", 0)

        until(closes, within=LONG_S, what=lambda: self._state(f"the sums close: {found()}"))
        return found()

    def _state(self, what: str) -> str:
        logs = "\n".join(f"── {worker.name}\n{worker.log[-4000:]}" for worker in self.workers)
        return f"{what}; unread {self.unread()}\n{logs}"


def _lines(worker: Worker) -> list[str]:
    with urlopen(f"{worker.url}/metrics", timeout=5) as answer:
        text: str = answer.read().decode()
    return text.splitlines()
