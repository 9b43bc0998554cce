"""Whatever the shop answers and whenever it does: the newest is shown, nothing older follows, all is accounted for."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.core.errors import (
    ConnectorError,
    MaskedFailureError,
    RateLimitedError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from schemas.models.source_item import SourceItem, StockPair
from streams.domain.batch_size import BatchSize
from streams.domain.lane_rows import RowState
from streams.domain.quantities import from_decimal
from tests.fakes.stock_target import Failure
from tests.unit.streams.sinks.lane import SETTLE_S, UNIT, Lane, Settings, desired, turns

SKUS, SOURCES = "ABCD", ("north", "south")
MOST_ROWS = 4
ANSWERS: dict[str, ConnectorError | None] = {
    "took": None,
    "down": TargetUnavailableError("refused"),
    "slow down": RateLimitedError("later", retry_after=timedelta(seconds=2)),
    "masked": MaskedFailureError("Could not save"),
    "credential": UnauthorizedError("refused", status=401),
    "lost": UnknownOutcomeError("no answer"),
    "lost but done": UnknownOutcomeError("no answer"),
    "lost and late": UnknownOutcomeError("no answer"),
}
LATE_S = SETTLE_S - 1
"""So long after its call a lost one may still be carried out."""
steps = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(SKUS)),
    st.tuples(st.just("answer"), st.sampled_from(sorted(ANSWERS))),
    st.tuples(st.just("time"), st.integers(1, 90)),
    st.tuples(st.just("do"), st.sampled_from(["hold", "free", "kill", "lease lost", "lease back", "redeliver"])),
)


class Story:
    """One run; the quantity of a row is the number of its version, so that order can be seen in the shop."""

    def __init__(self, folder: Path) -> None:
        self.lane = Lane(folder, Settings(size=BatchSize(3, 3)))
        self.lane.shop.most_rows = MOST_ROWS
        self.versions: dict[str, int] = defaultdict(int)
        self.seen: dict[StockPair, list[int]] = defaultdict(list)
        self.late: list[tuple[float, list[SourceItem]]] = []
        self._watch()

    def _watch(self) -> None:
        """Notes what the shop takes, in order, and lets late calls land when their time has come."""
        take, after = self.lane.shop._write, self.lane.after

        def noted(items: list[SourceItem]) -> None:
            before = dict(self.lane.shop.rows)
            try:
                take(items)
            except UnknownOutcomeError as error:
                if error is ANSWERS["lost and late"]:
                    self.late.append((self.lane.clock.monotonic() + LATE_S, items))
                raise
            finally:
                self._note(item for item in items if self.lane.shop.rows.get(item.pair) is not before.get(item.pair))

        def passed(seconds: float) -> None:
            due = self.lane.clock.monotonic() + seconds
            for _at, items in [late for late in self.late if late[0] <= due]:
                self.lane.shop.rows |= {item.pair: item for item in items}
                self._note(items)
            self.late = [late for late in self.late if late[0] > due]
            after(seconds)

        self.lane.shop._write = noted  # type: ignore[assignment,method-assign]  # the same form, and it calls it
        self.lane.after = passed  # type: ignore[method-assign]  # as above

    def _note(self, items: Iterable[SourceItem]) -> None:
        for item in items:
            self.seen[item.pair].append(from_decimal(item.quantity) // UNIT)

    async def run(self, script: list[tuple[str, str | int]]) -> None:
        await self.lane.open()
        for what, which in script:
            await getattr(self, f"_{what}")(which)
            await turns()
            self._check()
        await self._end()

    async def _change(self, sku: str) -> None:
        self.versions[sku] += 1
        await self._fold(sku)

    async def _fold(self, sku: str, *, is_new: bool = True) -> None:
        number = self.versions[sku]
        if self.lane.broker.has_lease and number:
            await self.lane.fold(desired(sku, number, north=number, south=number), is_new=is_new)
        elif is_new:
            self.versions[sku] -= 1  # nobody read it

    async def _answer(self, name: str) -> None:
        error = ANSWERS[name]
        failure = None if error is None else Failure(error, after_effect=name == "lost but done")
        self.lane.shop.failures.append(failure)

    async def _time(self, seconds: int) -> None:
        self.lane.after(seconds)

    async def _do(self, what: str) -> None:
        lane = self.lane
        if what in ("hold", "free"):
            (lane.shop.free.clear if what == "hold" else lane.shop.free.set)()
        elif what == "kill":
            lane.broker.has_lease = True
            await lane.killed()
        elif what == "redeliver":
            for sku in SKUS:
                await self._fold(sku, is_new=False)
        else:
            lane.broker.has_lease = what == "lease back"

    def _check(self) -> None:
        for pair, versions in self.seen.items():
            assert versions == sorted(versions), f"something older followed something newer at {pair}"
        assert all(len(call) <= MOST_ROWS for call in self.lane.shop.calls)
        assert self.lane.faults == []

    async def _end(self) -> None:
        """The shop recovers, and time passes."""
        lane = self.lane
        lane.broker.has_lease = True
        lane.shop.free.set()
        lane.shop.failures.clear()
        await lane.until(lambda: lane.lane._learned, passing=2)
        await lane.at_rest(passing=2)
        await lane.until(self._nothing_is_parked, passing=60)
        await lane.at_rest(passing=2)
        self._check()
        self._is_all_shown()
        await lane.close()

    @property
    def _changed(self) -> list[tuple[str, str]]:
        return [(sku, source) for sku in SKUS if self.versions[sku] for source in SOURCES]

    def _nothing_is_parked(self) -> bool:
        """A row that failed alone gets another try after a while."""
        return all(self.lane.row(sku, source).state is not RowState.PARKED for sku, source in self._changed)

    def _is_all_shown(self) -> None:
        for sku, source in self._changed:
            assert self.lane.shown(sku, source) == self.versions[sku]
            assert self.lane.row(sku, source).state is RowState.CLEAN
        assert sum(self.lane.counts.values()) == sum(self.versions[sku] for sku, _source in self._changed)
        assert set(self.lane.counts) <= {"applied", "superseded"}
        assert (self.lane.letters, self.lane.rows.open_intents()) == ([], [])


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=40))
def test_the_newest_is_shown_nothing_older_follows_and_every_record_is_counted_once(
    script: list[tuple[str, str | int]],
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(Story(Path(folder)).run(script))
