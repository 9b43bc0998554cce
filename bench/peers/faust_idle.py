"""Stock Faust with nothing to do: an agent on the same topic, and a table."""

import sys
import tempfile
from typing import Any

import faust

from bench.peers.stock import arguments


def main() -> None:
    chosen = arguments().parse_args()
    app = faust.App(
        chosen.group,
        broker=f"kafka://{chosen.bootstrap}",
        store="rocksdb://",
        datadir=tempfile.mkdtemp(prefix="bench-faust-"),
        topic_partitions=8,
        topic_disable_leader=True,
        web_port=chosen.records,
    )
    topic = app.topic(chosen.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    table = app.Table("ledger", partitions=8, key_type=str)

    @app.agent(topic)
    async def take(stream: Any) -> None:  # Any: a Faust stream
        async for value in stream:
            table[str(value)] = 1

    sys.argv = ["faust", "worker", "-l", "warn", "--web-port", str(chosen.records)]
    app.main()


if __name__ == "__main__":
    main()
