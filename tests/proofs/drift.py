"""A catalogue that a worker wrote to the simulated shop, and drift of every kind, planted behind its back."""

import json
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from confluent_kafka import Producer

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from streams.runtime.operating.registry import OperatorRegistry
from streams.runtime.operating.wire import Wire
from streams.settings import SchemaRegistrySettings
from tests.faults.system import System
from tests.processes import until

UNIT = 1_000_000
TOPIC = "inventory.desired.v1"
AT_ONCE = 2000
Planted = dict[tuple[str, str], str]
"""(source, SKU) → kind."""


class Catalogue(NamedTuple):
    """`P-000000` and on, at every source; nobody trades them."""

    skus: int
    sources: tuple[str, ...] = ("wh-a", "wh-b", "wh-c")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [(source, sku) for sku in self.names for source in self.sources]

    @property
    def names(self) -> list[str]:
        return [f"P-{number:06d}" for number in range(self.skus)]


class Snapshots:
    """Says what is wanted, as the stock flow does; no stock change is behind it, so none is counted."""

    def __init__(self, system: System) -> None:
        self._registry = OperatorRegistry(SchemaRegistrySettings(url=system.registry_url))
        self._wire = Wire(self._registry)
        self._producer = Producer({"bootstrap.servers": system.kafka.bootstrap, "linger.ms": 20})

    def want(self, quantities: Mapping[str, Mapping[str, int]], version: int) -> None:
        """SKU → source → units."""
        for sku, by_source in quantities.items():
            sources = tuple(
                SourceQuantity(code, units * UNIT, int(units > 0), version, 0, 0, Cause("none", 0, 0))
                for code, units in sorted(by_source.items())
            )
            value = self._wire.encode(TOPIC, DesiredStock(sku, 1, version, 1, sources))
            self._producer.produce(TOPIC, key=sku.encode(), value=value)
            self._producer.poll(0)
        self._producer.flush()

    def close(self) -> None:
        self._registry.close()
        self._producer.close()


def units_of(number: int) -> int:
    return 10 + number % 50


def lay_out(system: System, catalogue: Catalogue, stale: Sequence[tuple[str, str]], within: float) -> None:
    """Written by the worker; the pairs of `stale` twice, so that there is a value before the last one."""
    said = Snapshots(system)
    first = {sku: dict.fromkeys(catalogue.sources, units_of(n)) for n, sku in enumerate(catalogue.names)}
    said.want(first, 1)
    until(lambda: _is_written(system, first), within=within, what="the catalogue is written", step=1)
    second = {sku: dict(first[sku]) for _source, sku in stale}
    for source, sku in stale:
        second[sku][source] += 100
    said.want(second, 2)
    said.close()
    until(lambda: _is_written(system, second), within=within, what="the second version is written", step=1)


def _is_written(system: System, wanted: Mapping[str, Mapping[str, int]]) -> bool:
    """The shop's whole list is long: it is asked for once nothing waits any more."""
    lane = system.workers[0].facts()["lane"]
    if lane is None or lane["pending"] or system.lag():
        return False
    shown = system.shop.source_items()
    return all(
        shown.get((source, sku), ("", 0))[0] == str(units)
        for sku, by_source in wanted.items()
        for source, units in by_source.items()
    )


# ── drift ────────────────────────────────────────────────────────────────────────────────────────


def chosen(catalogue: Catalogue, share: float, seed: int) -> Planted:
    """Pairs and what shall become of them, kinds in turn; orphans are new SKUs."""
    rng = Random(seed)
    number = round(catalogue.skus * len(catalogue.sources) * share)
    pairs = rng.sample(catalogue.pairs, number)
    kinds = ("missing", "stale", "foreign-edit", "orphan")
    planted: Planted = {}
    for index, (source, sku) in enumerate(pairs):
        kind = kinds[index % len(kinds)]
        planted[source, f"X-{index:06d}" if kind == "orphan" else sku] = kind
    return planted


def plant(system: System, catalogue: Catalogue, planted: Planted) -> None:
    """By the shop's own interface, as somebody else would."""
    shown = system.shop.source_items()
    foreign = Foreigner(system.shop.url)
    of_kind = {kind: [pair for pair, one in planted.items() if one == kind] for kind in set(planted.values())}
    numbers = {sku: n for n, sku in enumerate(catalogue.names)}
    foreign.delete(of_kind.get("missing", ()))
    foreign.write((pair, units_of(numbers[pair[1]])) for pair in of_kind.get("stale", ()))
    foreign.write((pair, int(shown[pair][0]) + 7) for pair in of_kind.get("foreign-edit", ()))
    foreign.write((pair, 5) for pair in of_kind.get("orphan", ()))


class Foreigner:
    """Somebody with a key of their own."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/rest/all/V1"
        self._headers = {"Content-Type": "application/json"}
        given = {"username": "integration", "password": "simulated-password-1"}
        self._headers["Authorization"] = f"Bearer {self._post('integration/admin/token', given)}"

    def write(self, rows: Iterable[tuple[tuple[str, str], int]]) -> None:
        for part in _parts([_row(pair, units) for pair, units in rows]):
            self._post("inventory/source-items", {"sourceItems": part})

    def delete(self, pairs: Iterable[tuple[str, str]]) -> None:
        for part in _parts([_row(pair, 0) for pair in pairs]):
            self._post("inventory/source-items-delete", {"sourceItems": part})

    def _post(self, path: str, body: object) -> object:
        request = urllib.request.Request(f"{self._url}/{path}", json.dumps(body).encode(), self._headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())


def _row(pair: tuple[str, str], units: int) -> dict[str, object]:
    return {"source_code": pair[0], "sku": pair[1], "quantity": units, "status": int(units > 0)}


def _parts(rows: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]
