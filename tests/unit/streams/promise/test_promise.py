"""However orders, shipments, cancellations, returns and the WMS's records come: what may be sold is what is there and
not promised, each promise counted once; and never more than that on the way.

The product's own flows, lane, sinks and connector work against the simulated Commerce.  The model beside it knows only
how many pieces lie where, and what each order waits for.
"""

import asyncio
import shutil
import tempfile
from collections import Counter, defaultdict, deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.models.fulfilment_event import FulfilmentEvent, FulfilmentLine
from schemas.models.order_event import EventLine, OrderEvent
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.wire import change_bytes
from tests.unit.streams.promise.commerce import SKUS, SOURCES
from tests.unit.streams.promise.product import HOPS, WMS, Product
from tests.unit.streams.sinks.lane import turns

OPENING = 8
PRICE = 10
"""Of a piece, where the seed of the shop names none."""
MICROS = 1_000_000
HOUR = 3600 * MICROS
HELD_AT_MOST_S = 40
"""A call is over before its settle time is: the setting's promise."""
UNTOLD_AT_MOST_S = 45
"""As long as a posted row rests for the WMS's change, and a little less (STREAMS_INVENTORY__POSTED_REST_S is 60)."""
T = TypeVar("T")
Place = tuple[str, str]


class Said(NamedTuple):
    """A record of the WMS that is on its way, and how many promised pieces it says have left."""

    record: bytes
    left: int


@dataclass
class Model:
    """Pieces by (SKU, source), and by order what it waits for."""

    there: Counter[Place] = field(default_factory=Counter)
    waits: dict[str, Counter[str]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    """By SKU: what is gone without having been promised, since the shop was last seen to agree.  The shop cannot know
    of it before it is told."""

    def truth(self, sku: str) -> int:
        return sum(self.there[sku, source] for source in SOURCES) - self.promised(sku)

    def promised(self, sku: str) -> int:
        return sum(one[sku] for one in self.waits.values())

    def shown(self, sku: str) -> int:
        """A shop says 0 of what no source has any of, whatever is promised."""
        return self.truth(sku) if any(self.there[sku, source] for source in SOURCES) else 0


class Promise(RuleBasedStateMachine):
    """One history; `time` and `hear` decide what the product knows when."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="promise-"))
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.product = self._do(self._opened())
        self.tick = 0
        self.said: defaultdict[str, deque[Said]] = defaultdict(deque)
        self.repeats: defaultdict[str, list[bytes]] = defaultdict(list)
        self.news: list[Any] = []
        self.parts: Counter[str] = Counter()
        self.unposted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """By order: what left, and the shop may not have deducted yet."""
        self.held_s = 0.0
        self.untold_s = 0.0
        self.was_edited = False

    async def _opened(self) -> Product:
        product = Product(self.folder)
        await product.open()
        return product

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize()
    def opening(self) -> None:
        """Every place is counted, and the shop shows it."""
        for sku in SKUS:
            for source in SOURCES:
                self.model.there[sku, source] = OPENING
                self._count(sku, source)
        self._settle()

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            self._do(self.product.close())
            self.loop.close()
            shutil.rmtree(self.folder)

    # ── shoppers ─────────────────────────────────────────────────────────────────────────────────

    @rule(goods=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1))
    def buy(self, goods: dict[str, int]) -> None:
        number = self._do(self.product.shop.bought(goods))
        if number is not None:
            self.model.waits[number] = Counter(goods)
            self._hint(number)

    @rule(order=st.integers(0, 20))
    def cancel_at_the_shop(self, order: int) -> None:
        """The shop lets go of all that it has not shipped, whatever has left already."""
        number = self._order(order)
        if self._do(self.product.shop.by_hand(f"/orders/{self.product.shop.order(number).id}/cancel")):
            self._let_go(number)
            self._hint(number)

    @rule(order=st.integers(0, 20))
    def give_up(self, order: int) -> None:
        """The ERP ends what is left of it; the shop is told by the product."""
        number = self._order(order)
        self._closed(number)
        self.news.append(self._event("CANCELLED", number))

    @rule(order=st.integers(0, 20), back=st.booleans())
    def give_back(self, order: int, *, back: bool) -> None:
        """An administrator invoices and refunds all of it, with or without a return to stock."""
        number = self._order(order)
        shop = self.product.shop
        kept = shop.order(number)
        shipped = Counter({item.sku: int(item.shipped) for item in kept.items})
        assume(self._do(shop.by_hand(f"/order/{kept.id}/invoice", {})) is not None)
        rows = [item.id for item in kept.items]
        arguments = {"extension_attributes": {"return_to_stock_items": rows}} if back else {}
        if self._do(shop.by_hand(f"/order/{kept.id}/refund", {"arguments": arguments} if back else {})) is not None:
            self._let_go(number)
            self._hint(number)
            if back:
                self.model.lost += shipped
                self.was_edited = self.was_edited or shipped.total() > 0

    @rule(order=st.integers(0, 20))
    def pay_back(self, order: int) -> None:
        """The ERP invoices an order of which nothing has left, and gives it back; the product books both at the shop.

        Of an order that was shipped in part the shop counts what is refunded against what was shipped (docs/limits.md).
        """
        number = self._order(order)
        ordered = Counter({item.sku: int(item.ordered) for item in self.product.shop.order(number).items})
        left = self.model.waits[number]
        assume(left == ordered)
        for kind, goods in (("INVOICED", ordered), ("REFUNDED", left)):
            said = self._event(kind, number)
            lines = tuple(EventLine(sku=sku, quantity=units * MICROS) for sku, units in sorted(goods.items()) if units)
            amount = PRICE * goods.total() * MICROS
            document = f"{kind}-{number}"
            self.news.append(msgspec.structs.replace(said, lines=lines, amount=amount, document=document))
        self._closed(number)

    # ── the warehouse ────────────────────────────────────────────────────────────────────────────

    @rule(order=st.integers(0, 20), source=st.sampled_from(SOURCES), units=st.integers(1, 3))
    def ship(self, order: int, source: str, units: int) -> None:
        """A part of one line leaves; stock and step are told apart."""
        number = self._order(order)
        waits = self.model.waits[number]
        sku = next(sku for sku in SKUS if waits[sku])
        units = min(units, waits[sku], self.model.there[sku, source])
        assume(units > 0)
        self.model.there[sku, source] -= units
        self.model.waits[number] = waits - Counter({sku: units})
        self.unposted[number][sku] += units
        self.parts[number] += 1
        self._say(sku, source, -units, "DELTA", left=units)
        self.news.append(self._step(number, sku, source, units))

    @rule(goods=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1), order=st.integers(0, 20))
    def buy_and_hear(self, goods: dict[str, int], order: int) -> None:
        """An order that the product knows of at once."""
        self.buy(goods)
        assume(self.news)
        self.hear_news(order, twice=False)
        self.hop("events")

    @rule(order=st.integers(0, 20), source=st.sampled_from(SOURCES), units=st.integers(1, 3), first=st.booleans())
    def ship_and_say(self, order: int, source: str, units: int, *, first: bool) -> None:
        """The step is on its way to the shop, before or after the stock that it left."""
        self.ship(order, source, units)
        if first:
            self._tell_stock()
        self._do(self._told(self.news.pop()))
        self.hop("events")
        self.hop("shipments")

    @rule(order=st.integers(0, 20), source=st.sampled_from(SOURCES), units=st.integers(1, 3), by=st.integers(1, 5))
    def ship_while_its_row_changes(self, order: int, source: str, units: int, by: int) -> None:
        """The posting stands at the shop's door, and the WMS goes on counting the same goods."""
        self._hear_all()
        self.carry_all()
        self.hold()
        before = dict(self.model.there)
        self.ship_and_say(order, source, units, first=True)
        sku = next(sku for sku in SKUS if self.model.there[sku, source] != before[sku, source])
        self._do(self._passed(3))
        self.move(sku, source, by)
        self._tell_stock()
        self._do(self._passed(3))

    @rule(sku=st.sampled_from(SKUS), source=st.sampled_from(SOURCES), units=st.integers(-3, 5))
    def move(self, sku: str, source: str, units: int) -> None:
        """Goods come, break, or go to a dealer."""
        units = max(units, -self.model.there[sku, source])
        assume(units)
        self.model.there[sku, source] += units
        self.model.lost[sku] += max(0, -units)
        self._say(sku, source, units, "DELTA")

    @rule(sku=st.sampled_from(SKUS), source=st.sampled_from(SOURCES))
    def count(self, sku: str, source: str) -> None:
        self._count(sku, source)

    def _count(self, sku: str, source: str) -> None:
        self._say(sku, source, self.model.there[sku, source], "ABSOLUTE")

    # ── what the product hears, and when ─────────────────────────────────────────────────────────

    @precondition(lambda self: any(self.said.values()))
    @rule(sku=st.sampled_from(SKUS), twice=st.booleans())
    def hear_stock(self, sku: str, *, twice: bool) -> None:
        assume(self.said[sku])
        record = self.said[sku].popleft().record
        for _ in range(1 + twice):
            self._do(self.product.hear_stock(sku, record))
        self.repeats[sku].append(record)

    @rule(sku=st.sampled_from(SKUS))
    def overtake(self, sku: str) -> None:
        """A record comes before the one that was said first: what that one says has left is there for a moment more."""
        assume(len(self.said[sku]) > 1)
        first, second, *others = self.said[sku]
        self.said[sku] = deque([second, first, *others])
        self.model.lost[sku] += first.left

    @rule(sku=st.sampled_from(SKUS), which=st.integers(0, 30))
    def hear_stock_again(self, sku: str, which: int) -> None:
        assume(self.repeats[sku])
        self._do(self.product.hear_stock(sku, self.repeats[sku][which % len(self.repeats[sku])]))

    @precondition(lambda self: self.news)
    @rule(which=st.integers(0, 30), twice=st.booleans())
    def hear_news(self, which: int, *, twice: bool) -> None:
        """In any order: orders, steps and other systems' words have no common clock."""
        one = self.news.pop(which % len(self.news))
        for _ in range(1 + twice):
            self._do(self._told(one))

    async def _told(self, one: Any) -> None:  # noqa: ANN401  an order's number, a step, or an event
        if isinstance(one, str):
            await self.product.hear_order(one)
        elif isinstance(one, FulfilmentEvent):
            await self.product.hear_step(one)
        else:
            await self.product.hear_event(one)

    @rule(which=st.sampled_from(HOPS))
    def hop(self, which: str) -> None:
        self._do(self._hopped(which))

    async def _hopped(self, which: str) -> None:
        await self.product.hop(which)
        await turns(20)

    @rule()
    def carry_all(self) -> None:
        """Everything that is said by now reaches the shop, as far as that needs no time."""
        self._do(self.product.carry_all())

    # ── time and faults ──────────────────────────────────────────────────────────────────────────

    @rule(seconds=st.integers(1, 30))
    def time(self, seconds: int) -> None:
        """The WMS tells its stock sooner than a posted row has rested."""
        self.untold_s += seconds
        if self.untold_s > UNTOLD_AT_MOST_S:
            self._tell_stock()
        if not self.product.shop.wire.free.is_set():
            self.held_s += seconds
            if self.held_s > HELD_AT_MOST_S:
                self.product.shop.wire.free.set()
        self._do(self._passed(seconds))

    async def _passed(self, seconds: int) -> None:
        for _ in range(seconds):
            self.product.after(1)
            await turns(20)

    @rule(how=st.sampled_from(["away", "busy", "lost"]))
    def fail(self, how: Any) -> None:  # noqa: ANN401  a Failure
        """What becomes of the next call that changes something."""
        self.product.shop.wire.failures.append(how)

    @rule()
    def hold(self) -> None:
        """Calls stand at the shop's door."""
        self.held_s = 0
        self.product.shop.wire.free.clear()

    @rule()
    def let_in(self) -> None:
        self.product.shop.wire.free.set()
        self._do(turns(50))

    @rule(which=st.sampled_from(["lane", "stock", "orders"]))
    def kill(self, which: str) -> None:
        """One process dies in the middle of what it does, and the next one begins."""
        self._do(getattr(self.product, which).killed())

    @rule()
    def rest(self) -> None:
        self._settle()

    # ── what must hold ───────────────────────────────────────────────────────────────────────────

    @invariant()
    def never_more_than_is_there_and_not_promised(self) -> None:
        for sku in SKUS:
            most = max(0, self.model.truth(sku)) + self.model.lost[sku]
            assert self.product.shop.salable(sku) <= most, f"{sku}: more may be sold than is there"
        assert not self.product.lane.faults

    def _settle(self) -> None:
        """Everybody is heard, nobody fails: then it is equal, not only not above."""
        self.product.shop.wire.free.set()
        self.product.shop.wire.failures.clear()
        self._hear_all()
        self._do(self.product.at_rest(was_edited=self.was_edited))
        for sku in SKUS:
            assert self.product.shop.salable(sku) == Decimal(self.model.shown(sku)), f"{sku}: not what is there"
        self.model.lost.clear()
        self.unposted.clear()
        self.was_edited = False

    # ── words ────────────────────────────────────────────────────────────────────────────────────

    def _order(self, which: int) -> str:
        """One that waits for something."""
        waiting = [number for number, waits in self.model.waits.items() if waits.total()]
        assume(waiting)
        return waiting[which % len(waiting)]

    def _closed(self, number: str) -> None:
        self.model.waits[number] = Counter()

    def _let_go(self, number: str) -> None:
        """The shop's reservation of what has left and is not posted goes too: it cannot know of it."""
        self._closed(number)
        self.model.lost += self.unposted[number]

    def _hint(self, number: str) -> None:
        self.news.append(number)

    def _say(self, sku: str, source: str, units: int, kind: str, *, left: int = 0) -> None:
        self.tick += 1
        at = T0 - HOUR + self.tick * MICROS
        record = change_bytes(
            event_id=f"e{self.tick}",
            source_system=WMS,
            source_sequence=None,
            sku=sku,
            location_code=source,
            kind=kind,
            quantity=Decimal(units),
            effective_at=at,
            recorded_at=at,
        )
        self.said[sku].append(Said(record, left))

    def _hear_all(self) -> None:
        while self.news:
            self._do(self._told(self.news.pop(0)))
        self._tell_stock()

    def _tell_stock(self) -> None:
        """All of it, in its order."""
        self.untold_s = 0
        for sku in SKUS:
            while self.said[sku]:
                self._hear(sku)
        self._do(self._hopped("desired"))

    def _hear(self, sku: str) -> None:
        record = self.said[sku].popleft().record
        self._do(self.product.hear_stock(sku, record))
        self.repeats[sku].append(record)

    def _step(self, number: str, sku: str, source: str, units: int) -> FulfilmentEvent:
        at = T0 - HOUR + self.tick * MICROS
        row = next(item for item in self.product.shop.order(number).items if item.sku == sku)
        line = FulfilmentLine(order_line=str(row.id), sku=sku, quantity=units * MICROS)
        return FulfilmentEvent(
            event_id=f"s{self.tick}",
            source_system=WMS,
            order_id=f"web-{number}",
            shipment_id=f"{number}-{self.parts[number]}",
            step="PARTIALLY_SHIPPED" if self.model.waits[number].total() else "SHIPPED",
            location_code=source,
            lines=(line,),
            effective_at=at,
            recorded_at=at,
        )

    def _event(self, kind: Any, number: str) -> OrderEvent:  # noqa: ANN401  a kind of event
        self.tick += 1
        at = T0 - HOUR + self.tick * MICROS
        return OrderEvent(
            event_id=f"v{self.tick}",
            order_id=f"web-{number}",
            kind=kind,
            source_system="erp",
            effective_at=at,
            recorded_at=at,
        )


TestPromise = Promise.TestCase
TestPromise.settings = settings(
    max_examples=15, stateful_step_count=45, deadline=None, suppress_health_check=list(HealthCheck)
)
