"""What a dictionary of the same ledger takes: confluent-kafka, fastavro, one entry per scope, and nothing else."""

from pathlib import Path

from confluent_kafka import Consumer

from bench.peers.stock import Decoder, Ledger, arguments, tell


def main() -> None:
    chosen = arguments().parse_args()
    decoder, ledger = Decoder(chosen.schema), Ledger()
    config = {"bootstrap.servers": chosen.bootstrap, "group.id": chosen.group, "auto.offset.reset": "earliest"}
    consumer = Consumer({**config, "enable.auto.commit": False})
    consumer.subscribe([chosen.topic])
    count, before = 0, _resident()
    while count < chosen.records:
        batch = consumer.consume(min(1000, chosen.records - count), timeout=60)
        if not batch:
            raise SystemExit(f"only {count} of {chosen.records} records came")
        for message in batch:
            ledger.take(decoder.decode(message.value() or b""))
        count += len(batch)
    tell(records=count, scopes=len(ledger.scopes), bytes=_resident() - before)
    consumer.close()


def _resident() -> int:
    """The consumer's own queue is in it, some tens of MiB at most."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
