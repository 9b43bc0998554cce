"""What a dictionary of open orders takes: confluent-kafka, fastavro, the decoded order by its number, nothing else."""

from typing import Any

from confluent_kafka import Consumer

from bench.peers.stock import Decoder, arguments, resident_bytes, tell


def main() -> None:
    chosen = arguments().parse_args()
    decoder = Decoder(chosen.schema)
    orders: dict[str, Any] = {}  # Any: fastavro's record
    config = {"bootstrap.servers": chosen.bootstrap, "group.id": chosen.group, "auto.offset.reset": "earliest"}
    consumer = Consumer({**config, "enable.auto.commit": False})
    consumer.subscribe([chosen.topic])
    count, size, before = 0, 0, resident_bytes()
    while count < chosen.records:
        batch = consumer.consume(min(1000, chosen.records - count), timeout=60)
        if not batch:
            raise SystemExit(f"only {count} of {chosen.records} records came")
        for message in batch:
            value = message.value() or b""
            size += len(value)
            order = decoder.decode(value)
            orders[order["number"]] = order
        count += len(batch)
    tell(records=count, orders=len(orders), bytes=resident_bytes() - before, topic_bytes=size)
    consumer.close()


if __name__ == "__main__":
    main()
