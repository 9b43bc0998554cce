"""A shop whose orders change while they are read, some of them visible late; and one poll of it that can be killed."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.core.errors import ConnectorError, NotFoundError
from schemas.models.document import OrderChange
from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from streams.domain import order_scan
from streams.runtime.gate import Gate
from streams.sources.poller import Round, Rounds, Watch
from streams.sources.shop_orders import NAME, Bounds, ShopOrderPoller
from streams.sources.target_calls import TargetCalls
from tests.fakes.append_log import AppendLog, KeptCursors, as_json
from tests.fakes.still_clock import StillClock

SECOND = 1_000_000
OVERLAP_S, GAP_AFTER_S = 300, 600


def order(number: str, *, at: int, placed_at: int | None = None, **changes: object) -> Order:
    """Its event id is its content, as the connector makes it."""
    made = Order(
        event_id="",
        source_system="commerce",
        channel="web",
        number=number,
        entity_id=number.lstrip("0") or "0",
        currency="EUR",
        placed_at=at if placed_at is None else placed_at,
        updated_at=at,
        customer=Customer(email="buyer@example.com"),
        billing=Address(country="DE"),
        lines=(OrderLine(line_id="1", sku="PUMP", quantity=SECOND),),
        totals=Totals(grand_total=SECOND),
        payment=Payment(method="account"),
    )
    made = msgspec.structs.replace(made, **changes)
    return msgspec.structs.replace(made, event_id=f"web-{number}-{hash(msgspec.json.encode(made)) & 0xFFFFFFFF:08x}")


@dataclass
class ModelShop:
    """Versions of each order with the time from which they can be seen; times in µs of the shop's clock."""

    clock: StillClock
    skew_s: int = 0
    page: int = 3
    versions: dict[str, list[tuple[int, Order]]] = field(default_factory=dict)
    failures: deque[ConnectorError | None] = field(default_factory=deque)
    meanwhile: deque[Callable[[], None] | None] = field(default_factory=deque)
    """One is used up before each read: what happens while the poll reads."""
    reads: list[str] = field(default_factory=list)

    def now(self) -> int:
        return self.clock.micros() + self.skew_s * SECOND

    def place(self, *, delay_s: float = 0, number: str = "") -> str:
        number = number or f"{len(self.versions) + 1:09d}"
        self.say(order(number, at=self.now() // SECOND * SECOND), delay_s)
        return number

    def change(self, number: str, *, delay_s: float = 0) -> None:
        """A new version, visible after the one before it."""
        last = self.versions[number][-1][1]
        at = max(self.now() // SECOND * SECOND, last.updated_at)
        status = f"v{len(self.versions[number])}"
        self.say(order(number, at=at, placed_at=last.placed_at, status=status), delay_s)

    def say(self, one: Order, delay_s: float = 0) -> None:
        known = self.versions.setdefault(one.number, [])
        visible = max([self.now() + round(delay_s * SECOND), *(at for at, _ in known)])
        known.append((visible, one))

    def shown(self, number: str) -> Order | None:
        seen = [one for visible, one in self.versions.get(number, []) if visible <= self.now()]
        return seen[-1] if seen else None

    async def changed_orders(self, since: int, after: str = "") -> Sequence[OrderChange]:
        self._read("list")
        shown = [one for number in self.versions if (one := self.shown(number)) is not None]
        rows = sorted((one.updated_at, int(one.entity_id or 0), one) for one in shown)
        behind = [one for at, entity_id, one in rows if (at // SECOND, entity_id) > (since // SECOND, int(after or -1))]
        return [
            OrderChange(
                number=one.number,
                entity_id=one.entity_id or "",
                placed_at=one.placed_at,
                updated_at=one.updated_at,
            )
            for one in behind[: self.page]
        ]

    async def read_order(self, number: str) -> Order:
        self._read(number)
        found = self.shown(number)
        if found is None:
            raise NotFoundError(f"there is no order {number!r}")
        return found

    def _read(self, what: str) -> None:
        self.reads.append(what)
        act = self.meanwhile.popleft() if self.meanwhile else None
        if act is not None:
            act()
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure


@dataclass
class Poll:
    """A process with the poller of a shop; `restart` is another one, which finds what was kept."""

    clock: StillClock
    shop: ModelShop
    log: AppendLog = field(default_factory=AppendLog)
    cursors: KeptCursors = field(default_factory=KeptCursors)
    since: int | None = None
    watch: Watch | None = None

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.gate = Gate("shop", self.clock)
        bounds = Bounds(OVERLAP_S * SECOND, GAP_AFTER_S * SECOND, self.since)
        poller = ShopOrderPoller(self.shop, TargetCalls(self.gate, self.clock), as_json, self.clock, bounds)
        cursor = self.cursors.kept.get(NAME)
        self.rounds = Rounds(poller, self.log, self.cursors, self.clock, cursor=cursor, watch=self.watch)

    def round(self) -> Round:
        return asyncio.run(self.rounds.round())

    @property
    def said(self) -> list[Order]:
        """Every order that is on the topic."""
        return [msgspec.json.decode(one.value or b"", type=Order) for one in self.log.appended]

    def numbers(self) -> list[str]:
        return [one.number for one in self.said]

    @property
    def memory(self) -> order_scan.Memory:
        return order_scan.decode(self.cursors.kept[NAME].memory)


def polled(*, skew_s: int = 0, page: int = 3) -> Poll:
    clock = StillClock(runs_freely=True)
    return Poll(clock, ModelShop(clock, skew_s, page))
