"""What a dictionary of the same ledger takes: confluent-kafka, fastavro, one entry per scope, and nothing else."""

from confluent_kafka import Consumer

from bench.peers.stock import Decoder, Ledger, arguments, resident_bytes, tell


def main() -> None:
    chosen = arguments().parse_args()
    decoder, ledger = Decoder(chosen.schema), Ledger()
    config = {"bootstrap.servers": chosen.bootstrap, "group.id": chosen.group, "auto.offset.reset": "earliest"}
    consumer = Consumer({**config, "enable.auto.commit": False})
    consumer.subscribe([chosen.topic])
    count, before = 0, resident_bytes()
    while count < chosen.records:
        batch = consumer.consume(min(1000, chosen.records - count), timeout=60)
        if not batch:
            raise SystemExit(f"only {count} of {chosen.records} records came")
        for message in batch:
            ledger.take(decoder.decode(message.value() or b""))
        count += len(batch)
    tell(records=count, scopes=len(ledger.scopes), bytes=resident_bytes() - before)
    consumer.close()


if __name__ == "__main__":
    main()
