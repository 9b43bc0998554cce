"""Groups of workers under the same traffic, disturbed in turn, and what their shops saw of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bench.fleet import Fleet
from bench.gaps import Counted, History, Pair, Window, take_states, worst_gap
from bench.machine import epoch, wait
from bench.rounds import Sample
from bench.shop import Effect, Shop
from bench.stack import Offsets, Watch
from bench.traffic import Traffic
from bench.workers import Program
from schemas.catalogue import STOCK_CHANGE as CONTRACT
from schemas.codec import FRAME
from schemas.projection import stock_change_decoder
from simulators.wms.model import WAREHOUSES, locations_of
from streams.topics import STOCK_CHANGE

RATE = 1_000.0
STEADY_S, QUIET_S = 3.0, 2.5


@dataclass
class Journal:
    """What a shop noted since it was looked at last, and how far it has shown each row."""

    shop: Shop
    history: History = field(default_factory=History)
    _calls: int = 0

    def more(self) -> list[Effect]:
        found = list(self.shop.effects(self._calls))
        self._calls = self.shop.count()["calls"]
        return found


class Sides:
    """Both groups under the same traffic; what happens to one is done while the other works, but for the kills."""

    def __init__(self, traffic: Traffic, watch: Watch, fleets: Mapping[str, Fleet]) -> None:
        self._traffic, self.fleets = traffic, fleets
        self._journals = {name: Journal(fleet.shop) for name, fleet in fleets.items()}
        self.changes = Changes(watch)
        self._found: dict[str, Sample] = {}

    def run(self, _: int) -> Sample:
        """One round of both; gives ours."""
        windows: dict[str, dict[str, list[Window]]] = {name: {} for name in self.fleets}
        with self._traffic.flowing(RATE):
            wait(STEADY_S)
            steady = Window(epoch() - STEADY_S / 2, epoch())
            for what in (Fleet.join, Fleet.leave, Fleet.join):
                for name, fleet in self.fleets.items():
                    windows[name].setdefault(what.__name__, []).append(what(fleet))
            lost = {name: fleet.lose(Program.kill) for name, fleet in self.fleets.items()}
            for name, fleet in self.fleets.items():
                windows[name]["kill"] = [fleet.done_without(lost[name])]
            wait(QUIET_S)
        wait(QUIET_S)
        groups = self.changes.more([journal.history for journal in self._journals.values()])
        self._found = {name: self._sample(name, groups, {"steady": [steady], **windows[name]}) for name in self.fleets}
        return self._found["ours"]

    def other(self, name: str) -> Sample:
        """Of the same round."""
        return self._found[name]

    def _sample(self, name: str, groups: Mapping[str, int], windows: Mapping[str, list[Window]]) -> Sample:
        journal = self._journals[name]
        effects = journal.more()
        gap = {what: max(worst_gap(effects, groups, one) for one in each) for what, each in windows.items()}
        return {
            "clean s": max(gap["join"], gap["leave"]),
            "joined s": gap["join"],
            "left s": gap["leave"],
            "killed s": gap["kill"],
            "steady s": gap["steady"],
            "repeats": journal.history.repeats(effects),
            "rows": len(effects),
        }


class Changes:
    """The stream of changes, read from where it was left."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._from: Offsets = {}
        self._balances: dict[Pair, int] = {}
        self._decode = stock_change_decoder(CONTRACT.schema_text).decode

    def more(self, histories: Iterable[History]) -> dict[str, int]:
        """SKU → partition; what became of each row goes into the histories."""
        messages = list(self._watch.read(STOCK_CHANGE.name, self._from))
        self._from = self._watch.ends(STOCK_CHANGE.name)
        changes = [self._decode(message.value(), FRAME.size) for message in messages]
        counted = [Counted(one.location_code, one.sku, one.kind == "ABSOLUTE", one.quantity) for one in changes]
        balances = self._balances
        for history in histories:
            balances = dict(self._balances)
            take_states(history, counted, balances, locations_of(WAREHOUSES))
        self._balances = balances
        return {message.key().decode(): message.partition() for message in messages}
