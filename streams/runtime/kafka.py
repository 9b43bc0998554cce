"""One set of settings, two clients: what aiokafka and confluent-kafka each want to hear."""

import ssl
from collections.abc import Callable
from typing import Any

import aiokafka
from aiokafka.partitioner import murmur2

from streams.settings import KafkaSettings

MAX_REQUEST = 16 << 20
PARTITIONER = "murmur2_random"
"""librdkafka's own default is CRC32: the same key would go to another partition than with Faust."""
FOLLOW_ONE_MS, FOLLOW_MANY_MS = 5_000, 1_000
"""How long the broker holds the question of who follows one partition, or several: of these, records of one wait until
the others have answered."""
CATCH_UP_MS = 500
"""How long who follows waits for records until it has read what was there at its start."""
STALE_AFTER_S = 5.0


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """With the host name checked; None where the protocol has no TLS."""
    if not settings.security_protocol.endswith("SSL"):
        return None
    context = ssl.create_default_context(cafile=str(settings.ssl_cafile) if settings.ssl_cafile else None)
    if settings.ssl_certfile:
        key_password = settings.ssl_key_password.get_secret_value() if settings.ssl_key_password else None
        keyfile = str(settings.ssl_keyfile) if settings.ssl_keyfile else None
        context.load_cert_chain(str(settings.ssl_certfile), keyfile, key_password)
    return context


def aiokafka_options(settings: KafkaSettings) -> dict[str, Any]:  # Any: aiokafka's keyword arguments
    options: dict[str, Any] = {
        "bootstrap_servers": servers_of(settings),
        "security_protocol": settings.security_protocol,
        "ssl_context": ssl_context(settings),
    }
    if settings.security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": password_of(settings),
        }
    return options


def confluent_options(settings: KafkaSettings) -> dict[str, str | int | float | bool]:
    options: dict[str, str | int | float | bool] = {
        "bootstrap.servers": settings.bootstrap_servers,
        "security.protocol": settings.security_protocol,
    }
    named = {
        "sasl.mechanism": settings.sasl_mechanism if settings.security_protocol.startswith("SASL") else None,
        "sasl.username": settings.sasl_username,
        "sasl.password": password_of(settings),
        "ssl.ca.location": settings.ssl_cafile,
        "ssl.certificate.location": settings.ssl_certfile,
        "ssl.key.location": settings.ssl_keyfile,
        "ssl.key.password": settings.ssl_key_password.get_secret_value() if settings.ssl_key_password else None,
    }
    return options | {name: str(value) for name, value in named.items() if value is not None}


def producer_maker(settings: KafkaSettings, client_id: str) -> Callable[[], aiokafka.AIOKafkaProducer]:
    """Idempotent producers, each call a new one."""

    def make() -> aiokafka.AIOKafkaProducer:
        return aiokafka.AIOKafkaProducer(
            client_id=client_id, enable_idempotence=True, max_request_size=MAX_REQUEST, **aiokafka_options(settings)
        )

    return make


def reader_maker(
    settings: KafkaSettings, client_id: str, *, wait_ms: int = 100, reset: str = "latest"
) -> Callable[[], aiokafka.AIOKafkaConsumer]:
    """Consumers without a group, for looking records up; each call a new one.

    `wait_ms` is how long the broker holds a fetch at the end of the log: each jump to another record waits for the
    fetch before it, so 100 ms per record for whoever reads single ones.  `reset` none: an offset that the log does not
    have (any more) is an error instead of a jump to the end.
    """

    def make() -> aiokafka.AIOKafkaConsumer:
        return aiokafka.AIOKafkaConsumer(
            client_id=client_id,
            enable_auto_commit=False,
            fetch_max_wait_ms=wait_ms,
            auto_offset_reset=reset,
            **aiokafka_options(settings),
        )

    return make


def follower_maker(settings: KafkaSettings, client_id: str, *, wait_ms: int) -> Callable[[], aiokafka.AIOKafkaConsumer]:
    """As `reader_maker`, for who follows a log that is mostly silent: a record comes at once, silence costs little.

    While a question for records waits, others over the same connection wait behind it: ask for ends before `assign`.
    """

    def make() -> aiokafka.AIOKafkaConsumer:
        return _Follower(
            client_id=client_id, enable_auto_commit=False, fetch_max_wait_ms=wait_ms, **aiokafka_options(settings)
        )

    return make


class _Follower(aiokafka.AIOKafkaConsumer):
    """Without a look five times a second at what to ask next: whatever changes that wakes it anyway."""

    async def start(self) -> None:
        await super().start()
        self._fetcher._fetcher_timeout = STALE_AFTER_S  # noqa: SLF001  no public way; aiokafka is pinned


def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's default partitioner puts a key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def servers_of(settings: KafkaSettings) -> list[str]:
    return [server.strip() for server in settings.bootstrap_servers.split(",")]


def password_of(settings: KafkaSettings) -> str | None:
    return settings.sasl_password.get_secret_value() if settings.sasl_password else None
