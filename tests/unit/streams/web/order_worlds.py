"""Orders as one worker could hold them: going, held, waiting for a target, parked, hostile."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from streams.topics import ORDERS_READ
from streams.web import order_facts as o
from streams.web.facts import IntakeFact, OrderSinkFact, SinkQueueFact, TargetFact
from streams.web.introspection import NotOwnedError

SECOND = 1_000_000
NOW = int(datetime(2026, 11, 21, 2, 14, 7, tzinfo=UTC).timestamp()) * SECOND
MINUTE = 60 * SECOND
ID = "commerce-000004711"
TARGETS = {"erp": "netsuite", "wms": "rest_wms", "crm": "salesforce"}
TOPICS = tuple(topic.name for topic in ORDERS_READ)
ACCOUNTED = {
    "commerce.order.v1": {"applied": 4_711, "dead": 2},
    "orders.event.v1": {"applied": 9_120, "held": 12, "parked": 3, "refused": 1, "ignored": 40},
    "erp.command.v1": {"taken": 4_712, "applied": 4_690, "superseded": 8, "dead": 2, "ignored": 5},
    "erp.outcome.v1": {"applied": 4_690, "held": 2},
}
CANARY = (("customer", "Test Buyer"), ("customer mail", "canary-buyer@example.com"))


def line(sku: str = "PUMP-200", **changes: object) -> o.LineFact:
    made = o.LineFact(
        line_id="501", sku=sku, ordered="2", allocated="0", picked="0", packed="0", shipped="0", delivered="0",
        cancelled="0", returned="0", refunded="0", make_to_order=False, work_order="", promised_at=None,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def work(role: str = "erp", **changes: object) -> o.WorkFact:
    made = o.WorkFact(role=role, target="netsuite", mode="run", state="closed", why="", ended=1)
    return msgspec.structs.replace(made, **changes)


def entry(order_id: str = ID, **changes: object) -> o.EntryFact:
    """Acknowledged by the ERP, nothing left to do."""
    number = order_id.partition("-")[2]
    made = o.EntryFact(
        order_id=order_id,
        partition=3,
        version="1763700000.4",
        state="acknowledged",
        stage="acknowledged",
        channel="commerce",
        number=number,
        placed_at=NOW - 90 * MINUTE,
        currency="EUR",
        total="1320.50",
        erp_number="SO-1001",
        promised_at=NOW + 3 * 86_400 * SECOND,
        lines=(line(), line("SEAL-9", line_id="502", ordered="7.5", make_to_order=True, work_order="WO-7")),
        documents=(o.DocumentFact("erp-sink", "ACKNOWLEDGED", "SO-1001"),),
        said=(
            o.SaidFact(NOW - 90 * MINUTE, "PLACED", "commerce", "", number, "", "", "counts"),
            o.SaidFact(NOW - 89 * MINUTE, "ACKNOWLEDGED", "erp-sink", "", "SO-1001", "", "", "counts"),
        ),
        said_in_all=2,
        asked=(("erp", "CREATE_ORDER", ""),),
        works=(work(),),
    )
    return msgspec.structs.replace(made, **changes)


def held(order_id: str = "commerce-000004712", **changes: object) -> o.EntryFact:
    """Refused by a check and by nobody else: it can still be rejected."""
    reasons = (
        o.HoldFact("check-failed", "price-below-list", NOW - 252 * MINUTE),
        o.HoldFact("check-failed", "address-incomplete", NOW - 252 * MINUTE),
    )
    return entry(
        order_id,
        **{
            "state": "held", "stage": "placed", "holds": reasons, "erp_number": None, "documents": (), "asked": (),
            "promised_at": None, "works": (work(ended=0),), **changes,
        },
    )  # fmt: skip


def waiting(order_id: str = "commerce-000004713") -> o.EntryFact:
    """The ERP refuses our credential for 36 minutes; the warehouse shipped too early; the CRM was told."""
    pending = (o.PendingFact("CREATE_ORDER", "", NOW - 36 * MINUTE),)
    return entry(
        order_id,
        state="accepted",
        stage="accepted",
        erp_number=None,
        documents=(),
        promised_at=None,
        parked=(o.ParkedFact("SHIPPED", "P-99182", ("PICKED",), NOW + 116 * MINUTE),),
        asked=(("crm", "RECORD_ORDER", ""), ("erp", "CREATE_ORDER", "")),
        works=(
            work(state="needs-operator", why="UnauthorizedError: 401 refused", pending=pending, attempts=4, ended=0),
            work("crm", target="salesforce"),
            work("wms", target="rest_wms", mode="paused", ended=0),
        ),
        said=(
            o.SaidFact(NOW - 38 * MINUTE, "PLACED", "commerce", "", "000004713", "", "", "counts"),
            o.SaidFact(NOW - 37 * MINUTE, "ANSWERED", "crm", "crm/RECORD_ORDER/", "006A", "", "", "counts"),
            o.SaidFact(NOW - 20 * MINUTE, "SHIPPED", "wms-north", "P-99182", "", "2 × PUMP-200", "", "waits"),
        ),
        said_in_all=3,
    )


def doubled(order_id: str = "commerce-000004714") -> o.EntryFact:
    """Two documents at the ERP: the sink holds it, and the order is held because of that."""
    detail = "erp/CREATE_ORDER/: the target has SO-1001, SO-1002"
    pending = (o.PendingFact("CREATE_ORDER", "", NOW - 9 * MINUTE),)
    return held(
        order_id,
        stage="accepted",
        holds=(o.HoldFact("duplicate-suspected", detail, NOW - 8 * MINUTE),),
        asked=(("erp", "CREATE_ORDER", ""),),
        works=(work(pending=pending, attempts=1, ended=0, held="duplicate-suspected"),),
    )


@dataclass
class Orders(o.OrderSource):
    """What one worker holds; `owner` as `World.ledger_owner`."""

    entries: dict[str, o.EntryFact] = field(default_factory=dict)
    owner: str | None = "own"
    url: str = ""
    is_whole: bool = True
    worker: str = "worker-1"
    more: int = 0
    """Orders beyond those that are told."""
    asked_people: list[str] = field(default_factory=list)
    posting: dict[str, tuple[o.ShipmentFact, ...]] = field(default_factory=dict)
    """Order → its shipments that the shop has not posted."""
    poster: str | None = "own"
    """Who posts them; as `owner`."""

    def sinks(self) -> tuple[OrderSinkFact, ...]:
        """As the orders that wait see them."""
        works = [each for one in self.entries.values() for each in one.works]
        return tuple(_sink(role, [each for each in works if each.role == role]) for role in TARGETS)

    def owner_of(self, order_id: str) -> str | None:
        return self.url if self.owner == "own" else self.owner

    async def entry(self, order_id: str) -> o.EntryFact | None:
        if self.owner != "own":
            raise NotOwnedError(order_id)
        return self.entries.get(order_id)

    def owner_of_shipments(self) -> str | None:
        return self.url if self.poster == "own" else self.poster

    async def shipments(self, order_id: str) -> tuple[o.ShipmentFact, ...]:
        if self.poster != "own":
            raise NotOwnedError(order_id)
        return self.posting.get(order_id, ())

    async def find(self, text: str) -> o.FoundFact:
        found = [one.order_id for one in self.entries.values() if text in (one.number, one.erp_number)]
        return o.FoundFact(tuple(found), self.is_whole)

    async def queue(self, queue: o.Queue) -> o.QueueFact:
        rows = [_held(one) for one in self.entries.values() if one.holds]
        if queue == "stuck":
            rows = [_waiting(one, each) for one in self.entries.values() for each in one.works if each.pending]
        rows.sort(key=lambda row: row.since or 0)
        return o.QueueFact(self.worker, NOW, tuple(rows), len(rows) + self.more, self.is_whole)

    def people(self, order_id: str) -> tuple[tuple[str, str], ...] | None:
        self.asked_people.append(order_id)
        return CANARY if order_id in self.entries else None

    def sums(self) -> o.OrderSums:
        rows = [_held(one) for one in self.entries.values() if one.holds]
        waits = [_waiting(one, each) for one in self.entries.values() for each in one.works if each.pending]
        return o.OrderSums(
            as_of=NOW,
            held=len(rows) + self.more,
            undecided=sum(_codes(row) != {"refused-at-shop"} for row in rows) + self.more,
            oldest_held_at=min((row.since for row in rows if row.since), default=None),
            reasons={reason: sum(reason in _codes(one) for one in rows) for row in rows for reason in _codes(row)},
            waiting={row.role: sum(one.role == row.role for one in waits) for row in waits},
            oldest_waiting_at={row.role: min(one.since or 0 for one in waits if one.role == row.role) for row in waits},
            refusing={
                each.role: each.why
                for one in self.entries.values()
                for each in one.works
                if each.state == "needs-operator"
            },
            oldest_by_reason={
                code: min(one.at for row in rows for one in row.holds if one.reason == code)
                for row in rows
                for code in _codes(row)
            },
            parked=_parked_kinds(self.entries.values()),
            doubled={each.role: 1 for one in self.entries.values() for each in one.works if each.held},
            is_whole=self.is_whole,
        )


def intakes(partitions: tuple[int, ...]) -> tuple[IntakeFact, ...]:
    return tuple(IntakeFact(name, partitions, 900, 0, 0.0, paused=False, dead={}, ignored={}) for name in TOPICS)


def _sink(role: str, works: list[o.WorkFact]) -> OrderSinkFact:
    bad = next((each for each in works if each.state != "closed"), None)
    state, why, since = ("closed", "", 0) if bad is None else (bad.state, bad.why, NOW - 36 * MINUTE)
    target = TargetFact(TARGETS[role], state, since, why, NOW - 9 * SECOND, {"200": 4_690}, p50_s=0.25, p99_s=1.0)
    mode = next((each.mode for each in works if each.mode != "run"), "run")
    pending = sum(bool(each.pending) for each in works)
    queue = SinkQueueFact(pending, (), NOW - 9 * MINUTE if pending else None, per_s=0.5)
    return OrderSinkFact(role, role, mode, pending, target, queue)


def _parked_kinds(entries: Iterable[o.EntryFact]) -> dict[str, int]:
    kinds = [parked.kind for one in entries for parked in one.parked]
    return {kind: kinds.count(kind) for kind in kinds}


def _codes(row: o.QueueRow) -> set[str]:
    return {one.reason for one in row.holds}


def _held(one: o.EntryFact) -> o.QueueRow:
    return o.QueueRow(
        order_id=one.order_id,
        since=min(hold.at for hold in one.holds),
        state=one.state,
        holds=one.holds,
        currency=one.currency,
        total=one.total,
        promised_at=one.promised_at,
    )


def _waiting(one: o.EntryFact, each: o.WorkFact) -> o.QueueRow:
    first = each.pending[0]
    return o.QueueRow(
        order_id=one.order_id,
        since=first.at,
        role=each.role,
        what=first.kind,
        attempts=each.attempts,
        held=each.held,
        target=each.target,
        target_state=each.state,
        target_since=0 if each.state == "closed" else NOW - 36 * MINUTE,
        mode=each.mode,
    )


def orders(*entries: o.EntryFact, **given: object) -> Orders:
    return Orders({one.order_id: one for one in entries}, **given)  # type: ignore[arg-type]  # any field
