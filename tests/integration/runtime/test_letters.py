"""Dead letters of a live worker: nothing of the original is lost, whatever its size and its headers."""

import hashlib
import random
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streams.runtime.kafka import MAX_REQUEST, confluent_options
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.posting import Outgoing
from tests.integration.runtime.conftest import MakeSite
from tests.integration.runtime.site import LONG_S, STOCK, Site
from tests.processes import until

pytestmark = pytest.mark.integration

HEADERS = (("ce_id", b"1"), ("empty", b""), ("nothing", None), ("ce_id", b"twice"))


@pytest.fixture(scope="module")
def live(make_site: MakeSite) -> Site:
    site = make_site()
    site.ready()
    return site


def _letter(site: Site, key: bytes) -> LogRecord:
    def found() -> list[LogRecord]:
        return [one for one in site.letters() if one.key == key]

    until(lambda: bool(found()), within=LONG_S, what=lambda: f"a letter\n{site.workers[0].log[-3000:]}", step=0.3)
    (letter,) = found()
    return letter


def _kept(letter: LogRecord) -> tuple[tuple[str, bytes | None], ...]:
    return tuple(header for header in letter.headers if not header[0].startswith("dl_"))


def test_key_value_and_headers_are_kept_null_ones_too(live: Site) -> None:
    place = live.post(Outgoing(STOCK, live.sku("bytes").encode(), b"not framed", HEADERS))

    letter = _letter(live, live.sku("bytes").encode())

    assert (letter.value, _kept(letter)) == (b"not framed", HEADERS)
    assert (letter.header("dl_topic"), letter.header("dl_reason")) == (STOCK, "not-framed")
    assert (letter.header("dl_partition"), letter.header("dl_offset")) == (str(place.partition), str(place.offset))


def test_a_null_value_stays_null_and_says_so(live: Site) -> None:
    live.post(Outgoing(STOCK, live.sku("null").encode(), None, HEADERS))

    letter = _letter(live, live.sku("null").encode())

    assert (letter.value, letter.header("dl_null_value"), _kept(letter)) == (None, "true", HEADERS)


def test_a_large_record_that_came_compressed_goes_on_compressed_and_whole(live: Site) -> None:
    key, value = live.sku("large").encode(), b"0123456789" * 300_000
    producer = Producer(
        {**confluent_options(live.desk.settings.kafka), "compression.type": "gzip", "message.max.bytes": MAX_REQUEST}
    )
    producer.produce(STOCK, value, key, headers=list(HEADERS))
    assert producer.flush(LONG_S) == 0

    letter = _letter(live, key)

    assert letter.value == value
    assert (letter.header("dl_reason"), _kept(letter)) == ("too-large", HEADERS)
    assert letter.header("dl_file") is None


def test_a_record_that_no_letter_can_hold_is_kept_as_a_file_that_the_letter_names(live: Site) -> None:
    key, value = live.sku("huge").encode(), random.Random(7).randbytes(3_000_000)
    brokers = live.desk.brokers
    kept = brokers.topics([STOCK])[STOCK].config["max.message.bytes"]
    brokers.set_config(STOCK, {"max.message.bytes": str(MAX_REQUEST)})
    producer = Producer({**confluent_options(live.desk.settings.kafka), "message.max.bytes": MAX_REQUEST})
    refused: list[object] = []

    def is_taken() -> bool:
        """The setting takes effect some time after it was taken."""
        refused.clear()
        producer.produce(STOCK, value, key, headers=list(HEADERS), on_delivery=lambda error, _: refused.append(error))
        producer.flush(LONG_S)
        return refused == [None]

    until(is_taken, within=LONG_S, what=lambda: f"the broker takes it: {refused}")
    letter = _letter(live, key)
    brokers.set_config(STOCK, {"max.message.bytes": kept})

    file = Path(letter.header("dl_file") or "")
    assert file.read_bytes() == value
    assert file.is_relative_to(live.workers[0].data / "dead-letters")
    assert (letter.value, letter.header("dl_size")) == (None, str(len(value)))
    assert letter.header("dl_sha256") == hashlib.sha256(value).hexdigest()
    assert (letter.header("dl_reason"), _kept(letter)) == ("too-large", HEADERS)
    assert letter.header("dl_null_value") is None
    live.wait_read()
    live.count(live.sku("after"), 1)
    live.wait_shown(live.sku("after"), 1)
