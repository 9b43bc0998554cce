"""Whatever is lost, late or killed: each shipment is posted once, no row carries goods that the shop has deducted."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.core.errors import ConnectorError, RateLimitedError, TargetUnavailableError, UnknownOutcomeError
from schemas.models.command import Command
from schemas.models.source_item import SourceItem
from streams.domain.batch_size import BatchSize
from streams.domain.lane_rows import RowState
from streams.domain.quantities import from_decimal
from tests.fakes import shop_order_target, stock_target
from tests.unit.streams.sinks.lane import Settings, desired, turns
from tests.unit.streams.sinks.posting import Posting

SKUS, BEGIN, MOST = "AB", 12, 3
ANSWERS: dict[str, ConnectorError | None] = {
    "took": None,
    "down": TargetUnavailableError("refused"),
    "slow down": RateLimitedError("later", retry_after=timedelta(seconds=2)),
    "lost": UnknownOutcomeError("no answer"),
    "lost but done": UnknownOutcomeError("no answer"),
}
steps = st.one_of(
    st.tuples(st.just("leave"), st.tuples(st.sampled_from(SKUS), st.integers(1, MOST))),
    st.tuples(st.sampled_from(["say", "command"]), st.sampled_from(SKUS)),
    st.tuples(st.just("change"), st.tuples(st.sampled_from(SKUS), st.integers(-2, 3))),
    st.tuples(st.sampled_from(["write", "post"]), st.sampled_from(sorted(ANSWERS))),
    st.tuples(st.just("time"), st.integers(1, 90)),
    st.tuples(st.just("do"), st.sampled_from(["hold", "free", "kill", "lease lost", "lease back"])),
)

WOKEN_AS_THE_LEASE_IS_LOST: list[tuple[str, object]] = [
    ("change", ("B", 1)),
    ("leave", ("B", 1)),
    ("write", "slow down"),
    ("do", "lease lost"),
    ("do", "lease back"),
    ("leave", ("A", 3)),
    ("command", "A"),
    ("change", ("B", 1)),
    ("do", "lease lost"),
    ("time", 79),
    ("write", "lost but done"),
    ("write", "lost but done"),
]
"""A group's end and the lane's wake come in one turn of the loop: neither may hide the other."""


class Story:
    """One run: a warehouse, its WMS, both sinks, and a shop that deducts by itself."""

    def __init__(self, folder: Path) -> None:
        self.one = Posting(folder, Settings(size=BatchSize(3, 3)))
        self.on_hand: Counter[str] = Counter(dict.fromkeys(SKUS, BEGIN))
        self.said = Counter(self.on_hand)
        self.versions: Counter[str] = Counter()
        self.waiting: dict[str, list[Command]] = defaultdict(list)
        self.commands: list[Command] = []
        self._watch()

    def _watch(self) -> None:
        """Every row that the shop takes is compared with what its snapshot says and what the shop has not deducted."""
        take = self.one.shop._write

        def noted(items: Sequence[SourceItem]) -> None:
            for item in items:
                if item.source_code == "north":
                    above = from_decimal(item.quantity) - self._wanted(item.sku, from_decimal(item.quantity))
                    assert above <= self._undeducted(item.sku), "written with goods that the shop has deducted"
            take(items)

        self.one.shop._write = noted  # type: ignore[method-assign]  # it calls it

    def _wanted(self, sku: str, written: int) -> int:
        """By the intents of calls that may be under way: the row may want something else by now."""
        rows = (row for intent in self.one.rows.open_intents() for known, row in intent.rows if known == sku)
        return max((row.wanted.quantity for row in rows if row.to_write.quantity == written), default=written)

    def _undeducted(self, sku: str) -> int:
        """Of all orders of a SKU, what the shop has not shipped."""
        kept = self.one.orders.orders.values()
        return sum(line.ordered - line.shipped for one in kept for line in one.shown.lines if line.sku == sku)

    async def run(self, script: Sequence[tuple[str, object]]) -> None:
        await self.one.open()
        for sku in SKUS:
            await self._say(sku)
        await self.one.at_rest(passing=1)
        for what, which in script:
            await getattr(self, f"_{what}")(which)
            await turns()
            assert self.one.faults == []
        await self._end()

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    async def _leave(self, which: tuple[str, int]) -> None:
        sku, units = which
        if units <= self.on_hand[sku]:
            self.on_hand[sku] -= units
            self.waiting[sku].append(self.one.ordered(sku, units))

    async def _say(self, sku: str) -> None:
        """The WMS's changes so far."""
        if self.one.broker.has_lease:
            self.versions[sku] += 1
            await self.one.fold(desired(sku, self.versions[sku], north=self.on_hand[sku]))

    async def _command(self, sku: str) -> None:
        if self.one.broker.has_lease and self.waiting[sku]:
            command = self.waiting[sku].pop(0)
            await self.one.ship(command)
            self.commands.append(command)

    async def _change(self, which: tuple[str, int]) -> None:
        sku, units = which
        if self.on_hand[sku] + units >= 0:
            self.on_hand[sku] += units
            await self._say(sku)

    async def _write(self, name: str) -> None:
        error = ANSWERS[name]
        failure = None if error is None else stock_target.Failure(error, after_effect=name == "lost but done")
        self.one.shop.failures.append(failure)

    async def _post(self, name: str) -> None:
        error = ANSWERS[name]
        failure = None if error is None else shop_order_target.Failure(error, after_effect=name == "lost but done")
        self.one.orders.failures.append(failure)

    async def _time(self, seconds: int) -> None:
        self.one.after(seconds)

    async def _do(self, what: str) -> None:
        one = self.one
        if what in ("hold", "free"):
            for gate in (one.shop.free, one.orders.let_through):
                (gate.clear if what == "hold" else gate.set)()
        elif what == "kill":
            one.broker.has_lease = True
            await one.killed()
        else:
            one.broker.has_lease = what == "lease back"

    # ── how it ends ──────────────────────────────────────────────────────────────────────────────

    async def _end(self) -> None:
        """The shop recovers, everything that left is said and commanded, and time passes."""
        one = self.one
        await self._do("free")
        one.broker.has_lease = True
        one.shop.failures.clear()
        one.orders.failures.clear()
        for sku in SKUS:
            while self.waiting[sku]:
                await self._command(sku)
            await self._say(sku)
        await one.until(lambda: one.faults or all(one.state(command) for command in self.commands), passing=2)
        await one.until(lambda: one.faults or self._is_settled(), passing=2)
        assert one.faults == []
        assert {one.state(command) for command in self.commands} <= {"APPLIED"}
        assert one.made == len(self.commands), "each once"
        for sku in SKUS:
            assert one.shown(sku) == self.on_hand[sku]
        assert one.faults == []
        await one.close()

    def _is_settled(self) -> bool:
        rows = [self.one.row(sku) for sku in SKUS]
        return all(row.state is RowState.CLEAN and not row.unposted and not row.rest_until for row in rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=30))
@example(WOKEN_AS_THE_LEASE_IS_LOST)
def test_each_shipment_is_posted_once_and_no_row_carries_goods_that_the_shop_has_deducted(
    script: list[tuple[str, object]],
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(Story(Path(folder)).run(script))
