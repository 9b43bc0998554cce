"""The bare recovery of a changelog: confluent-kafka, the version read from each value, a RocksDB batch per thousand."""

import argparse
import struct
import tempfile
import time

import rocksdict
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from bench.peers.stock import cpu_seconds, tell

HEADER = struct.Struct(">BIQ")
BATCH = 1000


def main() -> None:
    made = argparse.ArgumentParser()
    made.add_argument("--bootstrap", required=True)
    made.add_argument("--topic", required=True)
    made.add_argument("--records", required=True, type=int)
    chosen = made.parse_args()
    begun, used, count = time.perf_counter(), cpu_seconds(), 0
    options = rocksdict.Options(raw_mode=True)
    store = rocksdict.Rdict(tempfile.mkdtemp(prefix="bench-raw-"), options)
    consumer = Consumer(
        {"bootstrap.servers": chosen.bootstrap, "group.id": "bench-raw-recovery", "enable.auto.commit": False}
    )
    partitions = consumer.list_topics(chosen.topic, timeout=15).topics[chosen.topic].partitions
    consumer.assign([TopicPartition(chosen.topic, number, OFFSET_BEGINNING) for number in partitions])
    while count < chosen.records:
        batch = rocksdict.WriteBatch(raw_mode=True)
        messages = consumer.consume(BATCH, timeout=10)
        if not messages:
            raise SystemExit(f"only {count} of {chosen.records} records came")
        for message in messages:
            key, value = message.key() or b"", message.value()
            if value is None:
                batch.delete(key)
            else:
                HEADER.unpack_from(value)
                batch.put(key, value)
        store.write(batch)
        count += len(messages)
    tell(records=count, seconds=time.perf_counter() - begun, cpu_s=cpu_seconds() - used)
    consumer.close()
    store.close()


if __name__ == "__main__":
    main()
