"""What a poller has put on its reference topic: per key a digest of what the newest record says.

The topic is the memory.  It is read before every reading of all rows, so that a row that somebody else wrote over is
written again, and one that the source no longer has is taken away; in between, what is acknowledged is remembered.
The digest stands in a header, without the time of the change: a row that was touched and says the same is not news.
"""

import asyncio
from collections.abc import Awaitable, Callable, KeysView

from confluent_kafka import KafkaException

from streams.runtime import refusals
from streams.runtime.cluster import ClusterUnavailableError
from streams.runtime.operating.brokers import Brokers, TopicMissingError
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.settings import Settings
from streams.sources.kafka_log import NotAppendedError
from streams.sources.poller import Found

DIGEST, SOURCE = "content-digest", "ce_source"
Take = Callable[[LogRecord], None]
ReadTopic = Callable[[str, Take], Awaitable[None]]
"""Hands over every record of a topic, oldest first.  Raises TopicUnreadableError."""


class TopicUnreadableError(NotAppendedError):
    """The topic cannot be read now, so nothing is appended either; the message says why."""


class KnownRows:
    """Implements `streams.sources.poller.Watch`: what was appended is known from then on."""

    def __init__(self, topic: str, source: str, read_topic: ReadTopic) -> None:
        self._topic, self._source, self._read_topic = topic, source, read_topic
        self._digests: dict[str, int] = {}

    async def refresh(self) -> None:
        """From the topic.  Raises TopicUnreadableError."""
        known: dict[str, int] = {}

        def take(record: LogRecord) -> None:
            key = (record.key or b"").decode(errors="replace")
            digest = record.header(DIGEST) if record.value is not None else None
            if digest is None or record.header(SOURCE) != self._source:
                known.pop(key, None)  # taken away, or written by somebody else
            else:
                known[key] = int(digest, 16)

        await self._read_topic(self._topic, take)
        self._digests = known

    def says(self, key: str, digest: str) -> bool:
        """Whether the topic says the same already."""
        return self._digests.get(key) == int(digest, 16)

    @property
    def keys(self) -> KeysView[str]:
        """Rows that stand on the topic by this poller's word."""
        return self._digests.keys()

    def found(self, one: Found) -> None:
        digest = dict(one.message.headers).get(DIGEST)
        if digest is None:
            self._digests.pop(one.entity, None)
        else:
            self._digests[one.entity] = int(digest, 16)

    def round_ended(self) -> None:
        """What it knows does not depend on rounds."""


def topic_reader(settings: Settings) -> ReadTopic:
    """Reads a topic from its beginning to where it ends now."""

    def read(topic: str, take: Take) -> None:
        brokers = Brokers(settings.kafka)
        with LogReader(settings.kafka, settings.app_id) as reader:
            for record in reader.read(brokers.spans(brokers.partitions(topic))):
                take(record)

    async def read_topic(topic: str, take: Take) -> None:
        try:
            await asyncio.to_thread(read, topic, take)
        except (ClusterUnavailableError, TopicMissingError) as error:
            raise TopicUnreadableError(f"topic {topic} cannot be read: {error}") from None
        except KafkaException as error:
            raise TopicUnreadableError(refusals.told(f"topic {topic} cannot be read", error)) from None

    return read_topic
