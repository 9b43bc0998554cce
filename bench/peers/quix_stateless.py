"""Quix Streams without state: the same decode and the same dictionary in an `update` of its data frame."""

import time

from quixstreams import Application

from bench.peers.stock import Decoder, Ledger, arguments, cpu_seconds, tell


def main() -> None:
    chosen = arguments().parse_args()
    decoder, ledger = Decoder(chosen.schema), Ledger()
    app = Application(
        broker_address=chosen.bootstrap,
        consumer_group=chosen.group,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        loglevel="WARNING",
    )
    topic = app.topic(chosen.topic, key_deserializer="bytes", value_deserializer="bytes")
    count, begun, used = 0, 0.0, 0.0

    def take(value: bytes) -> None:
        nonlocal count, begun, used
        if not count:
            begun, used = time.perf_counter(), cpu_seconds()
        ledger.take(decoder.decode(value))
        count += 1
        if count == chosen.records:
            seconds, spent = time.perf_counter() - begun, cpu_seconds() - used
            tell(records=count, seconds=seconds, cpu_s=spent, scopes=len(ledger.scopes), total=ledger.total)
            app.stop()

    app.dataframe(topic).update(take)
    app.run()


if __name__ == "__main__":
    main()
