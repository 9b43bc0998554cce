"""The bare loop: confluent-kafka, fastavro, a dictionary.  Nothing is durable and nothing is written."""

import time

from confluent_kafka import Consumer

from bench.peers.stock import Decoder, Ledger, arguments, cpu_seconds, tell


def main() -> None:
    chosen = arguments().parse_args()
    decoder, ledger = Decoder(chosen.schema), Ledger()
    consumer = Consumer(
        {
            "bootstrap.servers": chosen.bootstrap,
            "group.id": chosen.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([chosen.topic])
    batch = consumer.consume(1000, timeout=60)
    begun, used, count = time.perf_counter(), cpu_seconds(), 0
    while True:
        for message in batch:
            ledger.take(decoder.decode(message.value() or b""))
        count += len(batch)
        if count >= chosen.records:
            break
        batch = consumer.consume(1000, timeout=10)
        if not batch:
            raise SystemExit(f"only {count} of {chosen.records} records came")
    tell(
        records=count,
        seconds=time.perf_counter() - begun,
        cpu_s=cpu_seconds() - used,
        scopes=len(ledger.scopes),
        total=ledger.total,
    )
    consumer.close()


if __name__ == "__main__":
    main()
