"""5,000 dead letters of five planted causes: five groups, one fix, one paced retry, no stale write.

`python -m tests.proofs.letters_5000 [--letters N]`: real Kafka, the simulated shop, one worker.  Prints what it saw and
ends with 1 where it is not what it should be.  Whether a write was stale is read from the shop's journal: every SKU has
an old count (in the letter) and some a newer one, and after the newer one the old one must never be written.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from simulators.local_stack.registry import Registry
from streams.runtime.clock import SystemClock
from streams.runtime.operating.posting import Outgoing
from tests.faults.checks import check_order
from tests.faults.system import System
from tests.integration.cli.desk import Desk
from tests.processes import call, until

STOCK = "wms.stock-change.v1"
UNIT = 1_000_000
BEFORE, AFTER = '{"W1": "default"}', '{"W1": "default", "DC-9": "dc9"}'
CAUSES = ("unknown-location", "unknown-unit", "wrong-key", "negative-absolute", "effective-in-future")
OLD, NEWER, DURING = 10, 1_000, 2_000
PATIENCE_S = 1_200
"""On a machine that has other things to do, too."""
MOVED, MOVING = 0.3, 0.2
"""Shares of the keys that have moved on before the retry, and that do while it runs."""


class Planted(NamedTuple):
    """The SKUs of each cause."""

    skus: dict[str, list[str]]

    @classmethod
    def of(cls, letters: int) -> "Planted":
        each = letters // len(CAUSES)
        numbers = range(1, letters + 1)
        found = [[f"SKU-{n:05d}" for n in numbers[i * each : (i + 1) * each]] for i in range(len(CAUSES))]
        return cls(dict(zip(CAUSES, found, strict=True)))


class Proof:
    """One run; `failures` are what was not as it should be."""

    def __init__(self, system: System, letters: int) -> None:
        self.system, self.letters = system, letters
        self.desk = Desk(system.environ)
        self.planted = Planted.of(letters)
        self.failures: list[str] = []
        self._sequence = 1

    def check(self, what: str, *, holds: bool) -> None:
        say(f"  {'ok  ' if holds else 'FAIL'} {what}")
        if not holds:
            self.failures.append(what)

    # ── plant ────────────────────────────────────────────────────────────────────────────────────

    def plant(self) -> None:
        old = SystemClock().micros() - 3_600 * UNIT
        at = {"effective_at": old, "recorded_at": old}
        fields: dict[str, tuple[str, dict[str, Any]]] = {
            "unknown-location": ("DC-9", {"quantity": OLD * UNIT}),
            "unknown-unit": ("W1", {"uom": "PAL"}),
            "wrong-key": ("W1", {}),
            "negative-absolute": ("W1", {"quantity": -5 * UNIT}),
            "effective-in-future": ("W1", {"effective_at": old + 24 * 3_600 * UNIT}),
        }
        messages = []
        for cause, skus in self.planted.skus.items():
            location, changes = fields[cause]
            for sku in skus:
                key = f"{sku}-X" if cause == "wrong-key" else sku
                messages.append(Outgoing(STOCK, key.encode(), self._count(sku, location, **{**at, **changes})))
        self._post(messages)

    def _count(self, sku: str, location: str, **changes: object) -> bytes:
        self._sequence += 1
        return self.desk.stock_change(sku, location, self._sequence, **changes)

    def _post(self, messages: Sequence[Outgoing]) -> None:
        for start in range(0, len(messages), 500):
            self.desk.post(messages[start : start + 500])

    def newer(self, skus: Sequence[str], units: int) -> None:
        """What the warehouse counts now at the place that is mapped now."""
        self._post([Outgoing(STOCK, sku.encode(), self._count(sku, "DC-9", quantity=units * UNIT)) for sku in skus])

    # ── look ─────────────────────────────────────────────────────────────────────────────────────

    def open_letters(self, url: str) -> int:
        """As the page of the worker counts them."""
        return int(call(f"{url}/api/v1/dead-letters", timeout=60)["data"]["open"])

    def all_there(self, url: str) -> bool:
        found = self.open_letters(url)
        say(f"  {found:,} set aside")
        return found >= self.letters

    def shown(self, skus: Sequence[str]) -> Counter[int]:
        items = self.system.shop.source_items()
        return Counter(int(Decimal(items["dc9", sku][0])) for sku in skus if ("dc9", sku) in items)

    def written(self) -> dict[str, list[int]]:
        """SKU → the quantities that were written at the mapped source, in order."""
        found: dict[str, list[int]] = {}
        for entry in self.system.shop.journal():
            for row in (entry.get("detail") or {}).get("rows") or []:
                if row["source_code"] == "dc9":
                    found.setdefault(row["sku"], []).append(int(Decimal(row["quantity"])))
        return found

    # ── the run ──────────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        skus = self.planted.skus["unknown-location"]
        moving = skus[: int(len(skus) * MOVING)]
        moved = skus[len(moving) : len(moving) + int(len(skus) * MOVED)]
        worker = self.system.worker("before").wait_ready(180)
        say(f"planting {self.letters:,} records that will be set aside, of five causes")
        self.plant()
        until(partial(self.all_there, worker.url), within=PATIENCE_S, what=f"{self.letters:,} letters", step=5)

        listed = self.desk.run("dead-letters", "list", expect=1)
        say("\n$ commerce-streams dead-letters list\n" + listed.stdout + listed.stderr)
        groups = {one["reason"]: one for one in self.desk.json("dead-letters", "list", expect=1)}
        each = Counter({cause: len(found) for cause, found in self.planted.skus.items()})
        self.check("five groups", holds=sorted(groups) == sorted(CAUSES))
        self.check(
            f"each holds its {each[CAUSES[0]]:,} letters",
            holds={cause: one["letters"] for cause, one in groups.items()} == each,
        )

        say("\nthe fix: STREAMS_INVENTORY__LOCATIONS gets DC-9, the worker is started again")
        worker.stop()
        self.system.overrides = {**self.system.overrides, "STREAMS_INVENTORY__LOCATIONS": AFTER}
        self.desk.environ = self.system.environ
        worker = self.system.worker("after").wait_ready(180)
        say(f"meanwhile the warehouse counts {len(moved):,} of these SKUs anew: their keys have moved on")
        self.newer(moved, NEWER)
        until(
            lambda: self.shown(moved)[NEWER] == len(moved),
            within=PATIENCE_S,
            what="the newer counts are shown",
            step=0.5,
        )

        say(f"and {len(moving):,} more while the retry runs")
        beside = threading.Thread(target=self._beside, args=(moving, worker.url))
        beside.start()
        began = time.monotonic()  # noqa: TID251  told to a person
        ended = self.desk.run("dead-letters", "retry", "--group", groups["unknown-location"]["group"], "--rate", "200")
        took = time.monotonic() - began  # noqa: TID251  as above
        beside.join()
        say(f"\n$ commerce-streams dead-letters retry --group {groups['unknown-location']['group']} --rate 200")
        say(f"{ended.stdout.strip()} ({took:.0f} s)\n")
        settled = partial(self._settled, skus, moved, moving)
        until(lambda: self.system.lag() == 0 and settled(), within=PATIENCE_S, what="the shop shows it", step=0.5)
        self._verdict(skus, moved, moving)

    def _beside(self, skus: Sequence[str], url: str) -> None:
        """Half of them before their letters go out, half once the first letters are gone."""
        half = len(skus) // 2
        self.newer(skus[half:], DURING)
        until(lambda: self.open_letters(url) < self.letters, within=PATIENCE_S, what="the retry runs", step=0.2)
        self.newer(skus[:half], DURING)

    def _settled(self, skus: Sequence[str], moved: Sequence[str], moving: Sequence[str]) -> bool:
        shown = self.shown(skus)
        rest = len(skus) - len(moved) - len(moving)
        return shown == +Counter({NEWER: len(moved), DURING: len(moving), OLD: rest})

    def _verdict(self, skus: Sequence[str], moved: Sequence[str], moving: Sequence[str]) -> None:
        rows = self.desk.json(
            "dead-letters", "list", "--all", "--letters", "--reason", "unknown-location", "--limit", "1000", expect=1
        )
        states = Counter(row["state"] for row in rows)
        superseded = {row["key"] for row in rows if row["state"] == "superseded"}
        say(f"states of its letters: {dict(states)}")
        self.check("no letter of the group is open", holds=states["open"] == 0 and sum(states.values()) == len(skus))
        self.check("every key that had moved on is superseded", holds=set(moved) <= superseded)
        self.check("no other key is", holds=superseded <= set(moved) | set(moving))
        groups = {one["reason"]: one["letters"] for one in self.desk.json("dead-letters", "list", expect=1)}
        self.check("the four other groups are as they were", holds=sorted(groups) == sorted(set(CAUSES) - {CAUSES[0]}))

        written = self.written()
        stale = [sku for sku, values in written.items() if _is_stale(values)]
        old_of_moved = [sku for sku in moved if OLD in written.get(sku, [])]
        say(f"the shop's journal: {sum(map(len, written.values())):,} rows written for {len(written):,} SKUs")
        self.check(f"stale writes: {len(stale)}", holds=not stale)
        self.check(f"old counts written for keys that had moved on: {len(old_of_moved)}", holds=not old_of_moved)
        rows_checked = check_order(self.system)
        self.check(f"{rows_checked:,} rows follow the versions of inventory.desired.v1", holds=rows_checked > 0)
        again = self.desk.run("dead-letters", "retry", str(rows[0]["letter"]), "--yes", expect=None)
        say(f"\n$ commerce-streams dead-letters retry {rows[0]['letter']}\n{again.stderr.strip()}")
        self.check("a second retry is refused, exit code 2", holds=again.exit_code == 2)  # noqa: PLR2004  cannot run


def _is_stale(values: Sequence[int]) -> bool:
    """Whether an older count was written after a newer one: the three kinds of counts rise with their time."""
    return any(later < earlier for earlier, later in pairwise(values))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--letters", type=int, default=5_000, help="how many in all; five causes share them")
    letters = arguments.parse_args().letters
    overrides = {
        "STREAMS_INVENTORY__LOCATIONS": BEFORE,
        "STREAMS_INVENTORY__UNITS": '{"EA": "1"}',
        "STREAMS_CONNECTORS__ADOBE_COMMERCE__ROWS_PER_CALL": "100",
    }
    with tempfile.TemporaryDirectory() as folder, Registry(Path(folder) / "registry") as registry:
        system = System(Path(folder), registry.url, items=letters, overrides=overrides)
        try:
            system.start()
            products = [f"SKU-{n:05d}" for n in range(1, letters + 1)]
            system.shop.seed(products=products, sources=["default", "dc9"])
            proof = Proof(system, letters)
            proof.run()
        finally:
            system.end()
    say("\nheld" if not proof.failures else f"\nNOT held: {'; '.join(proof.failures)}")
    return 1 if proof.failures else 0


if __name__ == "__main__":
    sys.exit(main())
