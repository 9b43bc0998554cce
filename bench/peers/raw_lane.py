"""A bare loop to the shop with the same window: each row waits for it from its first change, then all that are due go.

It runs until it is killed.  Nothing is durable: after a kill its ledger and what waited are gone.
"""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from confluent_kafka import Consumer

from bench.peers.stock import Decoder, Ledger, arguments, tell

POLL_S = 0.01
HEADERS = {"Authorization": "Bearer stub-token", "Content-Type": "application/json"}


class Shop:
    """One connection, kept open."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)

    def write(self, rows: list[dict[str, object]]) -> None:
        body = json.dumps({"sourceItems": rows})
        self._connection.request("POST", "/rest/all/V1/inventory/source-items", body, HEADERS)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise SystemExit(f"the shop answered {answer.status}")


class Dirty:
    """Rows that changed, in the order in which they did, and the last quantity of each."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources
        self._since: dict[tuple[str, str], float] = {}
        self._quantities: dict[tuple[str, str], float] = {}

    def take(self, change: Any, quantity: Any) -> None:  # Any: a decoded record, a Decimal
        row = self._sources[change["location_code"]], change["sku"]
        self._since.setdefault(row, time.perf_counter())
        self._quantities[row] = max(0.0, float(quantity))

    def due(self, window_s: float) -> list[dict[str, object]]:
        until = time.perf_counter() - window_s
        rows = []
        for row, since in self._since.items():
            if since > until:
                break
            rows.append(row)
        for row in rows:
            del self._since[row]
        return [
            {"sku": sku, "source_code": source, "quantity": self._quantities.pop((source, sku)), "status": 1}
            for source, sku in rows
        ]


def main() -> None:
    made = arguments()
    made.add_argument("--url", required=True)
    made.add_argument("--window", type=float, required=True, help="seconds")
    made.add_argument("--sources", required=True, help="location → source, as JSON")
    chosen = made.parse_args()
    decoder, ledger = Decoder(chosen.schema), Ledger()
    shop, dirty = Shop(chosen.url), Dirty(json.loads(chosen.sources))
    consumer = Consumer(
        {
            "bootstrap.servers": chosen.bootstrap,
            "group.id": chosen.group,
            "auto.offset.reset": "latest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([chosen.topic], on_assign=lambda *_: tell(assigned=True))
    while True:
        for message in consumer.consume(500, timeout=POLL_S):
            change = decoder.decode(message.value() or b"")
            ledger.take(change)
            dirty.take(change, ledger.quantity(change))
        if rows := dirty.due(chosen.window):
            shop.write(rows)


if __name__ == "__main__":
    main()
