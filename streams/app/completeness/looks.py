"""One look at a flow: every slice of it collected and judged; and a second look at the slices that found anything."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from streams.app.completeness.around import Door
from streams.app.completeness.asking import Asking
from streams.app.completeness.logs import Before, Counting, Stretch, Window, cut_off, erased_entries, laid_out
from streams.app.completeness.order_evidence import Gathered, Keys, OrderEvidences, topics_of
from streams.app.completeness.order_targets import OrderTargets
from streams.app.completeness.reading import Reading
from streams.app.completeness.stock_evidence import COUNTED, StockEvidences
from streams.domain import order_closing, stock_closing
from streams.domain.close_request import Explained
from streams.domain.closing import AtTarget, Closed, Finding, Key, Log, Sums, log_findings
from streams.domain.order_closing import Asked, Record
from streams.runtime.operating.places import Partition
from streams.topics import COMMERCE_OUTCOME, DEAD_LETTER, DESIRED

Only = frozenset[Key] | None


@dataclass
class Looked:
    """What one slice came to."""

    sums: Sums = field(default_factory=Sums)
    targets: list[AtTarget] = field(default_factory=list)
    explained: list[Explained] = field(default_factory=list)
    asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    """Commands of orders with findings, by order and request."""
    entries: dict[str, Record] = field(default_factory=dict)
    """Where the changelog has those orders."""

    @property
    def keys(self) -> Only:
        """None where there are more findings than are kept."""
        is_whole = self.sums.found == len(self.sums.findings)
        return frozenset(finding.key for finding in self.sums.findings) if is_whole else None


@dataclass
class Whole:
    """What belongs to no slice."""

    logs: list[Log] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    stretches: Mapping[Partition, Stretch] = field(default_factory=dict)


class OrdersLook:
    """`begin`, `slice` for each number, `end`."""

    def __init__(self, reading: Reading, doors: Mapping[str, Door], asking: Asking, window: Window) -> None:
        self._reading, self._window = reading, window
        self._roles = tuple(doors)
        self._targets = OrderTargets(reading.app, doors, asking)

    async def begin(self, before: Before, listed: Keys) -> None:
        topics = (*topics_of(self._roles), DEAD_LETTER.name)
        stretches = await asyncio.to_thread(
            laid_out, self._reading.brokers, self._reading.group, topics, self._window, before
        )
        self._stretches = stretches
        self._evidence = OrderEvidences(self._reading, self._roles, stretches, self._window)
        await self._evidence.begin(listed)

    async def slice(self, number: int, only: Only = None) -> Looked:
        looked, book = Looked(), await self._evidence.partition(number)
        closings: dict[str, Closed] = {}
        for order_id, one in book.items():
            closed = order_closing.closed(one.evidence(order_id), self._window.settled_at)
            closings[order_id] = closed if one.is_of(self._window) else closed._replace(states={})
        wanted = {order_id: one for order_id, one in book.items() if one.is_of(self._window)}
        await self._compare(looked, wanted, closings)
        for order_id, closed in closings.items():
            looked.sums.add(closed, only)
            if closed.findings:
                newest = sorted(book[order_id].commands.values(), key=lambda one: one.record.at)
                if (at := book[order_id].entry_at) is not None:
                    looked.entries[order_id] = at
                looked.asked |= {(order_id, f"{one.kind} {one.part}".strip()): one for one in newest}
        return looked

    async def _compare(self, looked: Looked, book: Mapping[str, Gathered], closings: dict[str, Closed]) -> None:
        found = await self._targets.compared(book, closings)
        looked.targets, looked.explained = found.sums, found.explained
        for finding in found.findings:
            closings[finding.entity] = order_closing.with_finding(closings[finding.entity], finding)

    def end(self) -> Whole:
        whole = _ended(self._evidence.counting, self._stretches, self._evidence.names, self._window)
        whole.findings += erased_entries(self._evidence.erased)
        return whole


class StockLook:
    """As OrdersLook; nothing is asked of the shop: its rows are compared by `reconcile stock`."""

    def __init__(self, reading: Reading, window: Window) -> None:
        self._reading, self._window = reading, window

    async def begin(self, before: Before) -> None:
        brokers, group = self._reading.brokers, self._reading.group
        self._stretches = await asyncio.to_thread(
            laid_out, brokers, group, (*COUNTED, DESIRED.name), self._window, before
        )
        self._perhaps: dict[int, list[str]] = {}
        self._evidence = StockEvidences(self._reading, self._stretches, self._window)
        await self._evidence.begin()

    async def slice(self, number: int, only: Only = None) -> Looked:
        looked = Looked()
        for one in await self._evidence.partition(number):
            if stock_closing.may_lack_an_outcome(one):
                sku = self._reading.app.rules.sku_of(one.sku)
                self._perhaps.setdefault(self._reading.app.partition_of(sku), []).append(sku)
            looked.sums.add(stock_closing.closed(one), only)
        return looked

    def end(self) -> Whole:
        perhaps = {(COMMERCE_OUTCOME.name, number): skus for number, skus in self._perhaps.items()}
        whole = _ended(self._evidence.counting, self._stretches, self._evidence.names, self._window, perhaps)
        whole.findings += erased_entries(self._evidence.erased)
        whole.logs = [log for log in whole.logs if log.topic != DESIRED.name]
        whole.findings = [one for one in whole.findings if not one.where.startswith(DESIRED.name)]
        return whole


def _ended(
    counting: Counting,
    stretches: Mapping[Partition, Stretch],
    names: Mapping[tuple[str, int], Mapping[int, str]],
    window: Window,
    perhaps: Mapping[tuple[str, int], Sequence[str]] = MappingProxyType({}),
) -> Whole:
    logs = counting.ended()
    findings = [*cut_off(stretches, window.opened_at)]
    for log in logs:
        part = (log.topic, log.partition)
        findings += log_findings(log, names.get(part, {}), window.opened_at, perhaps.get(part, ()))
    return Whole(logs, findings, stretches)


Look = OrdersLook | StockLook
