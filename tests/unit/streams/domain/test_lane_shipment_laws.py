"""Whatever comes first, the WMS's change, the command or the posting: the shop never sells what is not there.

The shop is modelled here: what it shows, its reservations, and its own deduction when a shipment is posted.
"""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from streams.domain import lane_rows, lane_shipments
from streams.domain.lane_rows import CHANGES, Row, RowState, SkuRows, Unposted

BEGIN, REST = 60, 7
SHIPMENTS = st.integers(0, 3)
steps = st.one_of(
    st.tuples(st.sampled_from(["ship", "see", "raise", "post", "refuse", "expire"]), SHIPMENTS),
    st.tuples(st.just("order"), st.integers(1, 3)),
    st.tuples(st.just("change"), st.integers(-4, 6)),
    st.tuples(st.just("wait"), st.integers(1, 2 * REST)),
    st.tuples(st.just("write"), st.just(0)),
    st.tuples(st.just("look"), st.just(0)),
)


@dataclass
class Shipment:
    """One that may come to be; `quantity` was ordered before anything else."""

    reference: str
    quantity: int
    has_left: bool = False
    is_seen: bool = False
    is_posted: bool = False
    is_refused: bool = False


@dataclass
class World:
    """A warehouse, its WMS, the lane's row, and the shop."""

    shipments: list[Shipment] = field(default_factory=lambda: [Shipment(f"s{n}", n + 1) for n in range(4)])
    physical: int = BEGIN
    now: int = 1
    counter: int = 0

    def __post_init__(self) -> None:
        self.entry = SkuRows()
        self.shown = 0
        self.reserved = self.promised = sum(one.quantity for one in self.shipments)
        self.fold()
        self.write()

    @property
    def row(self) -> Row:
        found = self.entry.row("W1")
        assert found is not None
        return found

    @row.setter
    def row(self, row: Row) -> None:
        self.entry = self.entry.with_row(row)

    @property
    def unseen(self) -> int:
        """Gone, as far as the WMS has not said so."""
        return sum(one.quantity for one in self.shipments if one.has_left and not one.is_seen)

    def fold(self) -> None:
        self.counter += 1
        source = SourceQuantity(
            "W1", self.physical + self.unseen, 1, self.counter, self.counter, 0, Cause(CHANGES, 0, 0)
        )
        self.entry = lane_rows.fold(self.entry, DesiredStock("A", 1, self.counter, 1, (source,)), self.now).entry

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    def take(self, what: str, which: int) -> None:
        self.now += 1
        if what in ("ship", "see", "raise", "post", "refuse", "expire"):
            getattr(self, f"{what}_")(self.shipments[which])
        else:
            getattr(self, what)(which)
        self.row = lane_shipments.rested(self.row, self.now)

    def ship_(self, one: Shipment) -> None:
        if not one.has_left and one.quantity <= self.physical:
            one.has_left = True
            self.physical -= one.quantity
            self.promised -= one.quantity

    def see_(self, one: Shipment) -> None:
        if one.has_left and not one.is_seen:
            one.is_seen = True
            self.fold()

    def raise_(self, one: Shipment) -> None:
        if one.has_left and not (one.is_posted or one.is_refused):
            self.row = lane_shipments.raised(self.row, Unposted(one.reference, "web-1", one.quantity, self.now))

    def post_(self, one: Shipment) -> None:
        """The shop deducts, and gives the reservation back; the lane hears of it."""
        if one.is_posted or one.is_refused or lane_shipments.find(self.row, one.reference) is None:
            return
        if self.shown < one.quantity:  # it would refuse
            self.row = lane_shipments.due(self.row, self.now)
            self.write()
        one.is_posted = True
        self.shown -= one.quantity
        self.reserved -= one.quantity
        self.row = lane_shipments.posted(self.row, one.reference, self.now, REST, is_sure=True)

    def refuse_(self, one: Shipment) -> None:
        if not one.is_posted and lane_shipments.find(self.row, one.reference) is not None:
            one.is_refused = True
            self.row = lane_shipments.dropped(self.row, one.reference, self.now)

    def expire_(self, one: Shipment) -> None:
        self.row = lane_shipments.expired(self.row, one.reference, self.now)

    def order(self, quantity: int) -> None:
        self.reserved += quantity
        self.promised += quantity

    def change(self, by: int) -> None:
        if self.physical + by >= 0:
            self.physical += by
            self.fold()

    def wait(self, time: int) -> None:
        self.now += time

    def look(self, _: int) -> None:
        """The same snapshot's value once more, with another version."""
        self.fold()

    def write(self, _: int = 0) -> None:
        """The call of a dirty row."""
        row = self.row
        if row.state is RowState.DIRTY:
            self.shown = row.to_write.quantity
            self.row = lane_rows.acknowledged(row, row, self.now).row

    # ── what must hold ───────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        row = self.row
        assert row.acked is not None
        assert row.acked.quantity == self.shown, "the lane knows what the shop shows"
        if row.state is RowState.CLEAN:
            assert self.shown <= row.to_write.quantity
            assert self.shown - self.reserved <= self.physical + self.unseen - self.promised

    def end(self) -> None:
        """Everything that began comes to its end."""
        for one in self.shipments:
            for step in ("ship", "raise", "post", "see"):
                self.take(step, self.shipments.index(one))
        self.take("wait", REST)
        self.write()
        assert self.row.state is RowState.CLEAN
        assert self.row.unposted == ()
        assert self.shown == self.physical
        refused = sum(one.quantity for one in self.shipments if one.is_refused)
        assert self.reserved == self.promised + refused


@settings(max_examples=400, deadline=None)
@given(st.lists(steps, max_size=40))
def test_the_shop_never_offers_more_than_is_there_and_ends_with_the_same(script: list[tuple[str, int]]) -> None:
    world = World()
    for what, which in script:
        world.take(what, which)
        world.check()
    world.end()
