"""What every peer does with a stock change: decode all of it, know a repeat, keep the newest count plus the deltas."""

import argparse
import io
import json
import os
import resource
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro

HEADER = 5
Scope = tuple[str, str, str, str, str]


def arguments() -> argparse.ArgumentParser:
    """What the harness says to a peer of the stock lines."""
    made = argparse.ArgumentParser()
    made.add_argument("--bootstrap", required=True)
    made.add_argument("--group", required=True)
    made.add_argument("--topic", required=True)
    made.add_argument("--schema", required=True, type=Path)
    made.add_argument("--records", required=True, type=int)
    return made


class Decoder:
    """Confluent's frame, then fastavro with a parsed schema: the quickest that it offers for the whole record."""

    def __init__(self, schema: Path) -> None:
        self._schema = fastavro.parse_schema(json.loads(schema.read_text(encoding="utf-8")))

    def decode(self, value: bytes) -> Any:  # Any: fastavro's record
        if value[0] != 0:
            raise ValueError("not framed")
        return fastavro.schemaless_reader(io.BytesIO(value[HEADER:]), self._schema, None)


class Ledger:
    """A dictionary: scope → [count's time, quantity, seen sequences].  The same result as the product's ledger."""

    def __init__(self) -> None:
        self.scopes: dict[Scope, list[Any]] = {}  # Any: time, quantity, set of numbers

    def quantity(self, change: Any) -> Any:  # Any: a decoded record; a Decimal
        """What the scope of the record holds."""
        return self.scopes[_scope_of(change)][1]

    def take(self, change: Any) -> None:  # Any: a decoded record
        key = _scope_of(change)
        held = self.scopes.get(key)
        if held is None:
            held = self.scopes[key] = [None, Decimal(0), set()]
        sequence = change["source_sequence"]
        if sequence in held[2]:
            return
        held[2].add(sequence)
        at = change["effective_at"]
        if change["kind"] == "ABSOLUTE":
            if held[0] is None or at >= held[0]:
                held[0], held[1] = at, change["quantity"]
        elif held[0] is None or at > held[0]:
            held[1] += change["quantity"]

    @property
    def total(self) -> str:
        """Sum of all quantities, to be compared."""
        return str(sum((held[1] for held in self.scopes.values()), Decimal(0)))


def _scope_of(change: Any) -> Scope:  # Any: a decoded record
    return (
        change["source_system"],
        change["owner_code"] or "",
        change["location_code"],
        change["sku"],
        change["bucket"],
    )


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_bytes() -> int:
    """Memory of this process; a consumer's own queue is in it, some tens of MiB at most."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def tell(**figures: object) -> None:
    """The last line that the harness reads."""
    os.write(1, (json.dumps(figures) + "\n").encode())  # Faust takes sys.stdout for its log
