"""Quix Streams to the shop: state per SKU with a changelog, and a batching sink that writes with each checkpoint.

It runs until it is ended.  A row is sent where its quantity is not what this process sent last.
"""

import argparse
import http.client
import json
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from quixstreams import Application, State
from quixstreams.sinks import BatchingSink, SinkBatch

from bench.peers.raw_lane import HEADERS
from bench.peers.stock import Decoder

ROWS = 100
PLACES = Decimal("0.0001")
PATH = "/rest/all/V1/inventory/source-items"


class ShopSink(BatchingSink):
    """The newest quantity of each row, in calls of at most 100 rows; one connection, kept open."""

    def __init__(self, url: str) -> None:
        super().__init__()
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        self._sent: dict[tuple[str, str], str] = {}

    def write(self, batch: SinkBatch) -> None:
        newest = {(item.value["source"], item.value["sku"]): item.value["quantity"] for item in batch}
        rows = [(row, quantity) for row, quantity in newest.items() if self._sent.get(row) != quantity]
        for start in range(0, len(rows), ROWS):
            part = rows[start : start + ROWS]
            self._post(part)
            self._sent.update(part)

    def _post(self, rows: list[tuple[tuple[str, str], str]]) -> None:
        items = [
            {"sku": sku, "source_code": source, "quantity": _shown(quantity), "status": 1}
            for (source, sku), quantity in rows
        ]
        self._connection.request("POST", PATH, json.dumps({"sourceItems": items}), HEADERS)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise SystemExit(f"the shop answered {answer.status}")


def _shown(quantity: str) -> float:
    """As Commerce stores it: four decimals, and nothing below zero."""
    return float(max(Decimal(0), Decimal(quantity)).quantize(PLACES, ROUND_DOWN))


class Fold:
    """The newest count plus the deltas, per scope; repeats are told by the number."""

    def __init__(self, decoder: Decoder, sources: dict[str, str]) -> None:
        self._decoder, self._sources = decoder, sources

    def take(self, value: bytes, state: State) -> dict[str, str]:
        change = self._decoder.decode(value)
        scopes: dict[str, list[Any]] = state.get("scopes", {}) or {}  # Any: JSON: quantity, highest number
        held = scopes.setdefault(change["location_code"], ["0", 0])
        if change["source_sequence"] > held[1]:
            is_count = change["kind"] == "ABSOLUTE"
            held[0] = str(change["quantity"] if is_count else Decimal(held[0]) + change["quantity"])
            held[1] = change["source_sequence"]
            state.set("scopes", scopes)
        source = self._sources[change["location_code"]]
        total = sum(
            (Decimal(quantity) for place, (quantity, _) in scopes.items() if self._sources[place] == source), Decimal(0)
        )
        return {"source": source, "sku": change["sku"], "quantity": str(total)}


def main() -> None:
    made = argparse.ArgumentParser()
    for name in ("--bootstrap", "--group", "--topic", "--url", "--sources", "--state"):
        made.add_argument(name, required=True)
    made.add_argument("--schema", required=True, type=Path)
    made.add_argument("--session-ms", required=True, type=int)
    chosen = made.parse_args()
    app = Application(
        broker_address=chosen.bootstrap,
        consumer_group=chosen.group,
        auto_offset_reset="latest",
        commit_interval=1.0,
        state_dir=chosen.state,
        consumer_extra_config={"session.timeout.ms": chosen.session_ms, "heartbeat.interval.ms": 1200},
        loglevel="INFO",
    )
    topic = app.topic(chosen.topic, key_deserializer="bytes", value_deserializer="bytes")
    fold = Fold(Decoder(chosen.schema), json.loads(chosen.sources))
    app.dataframe(topic).apply(fold.take, stateful=True).sink(ShopSink(chosen.url))
    app.run()


if __name__ == "__main__":
    main()
