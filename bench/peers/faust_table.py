"""Stock Faust as its documentation shows it: an agent, an event at a time, a RocksDB table written for each."""

import os
import sys
import tempfile
import time
from decimal import Decimal
from typing import Any

import faust

from bench.peers.stock import Decoder, arguments, cpu_seconds, tell


def main() -> None:
    chosen = arguments().parse_args()
    decoder = Decoder(chosen.schema)
    app = faust.App(
        chosen.group,
        broker=f"kafka://{chosen.bootstrap}",
        store="rocksdb://",
        table_cleanup_interval=3600.0,
        datadir=tempfile.mkdtemp(prefix="bench-faust-"),
        topic_partitions=8,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
    )
    topic = app.topic(chosen.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    table = app.Table("ledger", partitions=8, key_type=str, value_type=None)

    @app.agent(topic)
    async def take(stream: Any) -> None:  # Any: a Faust stream
        count, begun, used = 0, 0.0, 0.0
        async for value in stream:
            if not count:
                begun, used = time.perf_counter(), cpu_seconds()
            change = decoder.decode(value)
            key = "|".join((change["sku"], change["location_code"], change["bucket"]))
            table[key] = _folded(table.get(key), change)
            count += 1
            if count == chosen.records:
                tell(records=count, seconds=time.perf_counter() - begun, cpu_s=cpu_seconds() - used)
                await app.producer.flush()
                os._exit(0)

    sys.argv = ["faust", "worker", "-l", "info"]
    app.main()


def _folded(held: Any, change: Any) -> list[Any]:  # Any: JSON of the table, and a decoded record
    """[count's time, quantity, highest number]: repeats are told by the number alone, so that the value stays small."""
    at, sequence = change["effective_at"].timestamp(), change["source_sequence"]
    base, quantity, seen = held or [None, "0", 0]
    if sequence is not None and sequence <= seen:
        return [base, quantity, seen]
    if change["kind"] == "ABSOLUTE":
        return [at, str(change["quantity"]), sequence]
    return [base, str(Decimal(quantity) + change["quantity"]), sequence]


if __name__ == "__main__":
    main()
