"""Encrypted brokers that must not be believed: each client refuses, says why, and sends nothing but a handshake."""

import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import aiokafka
import pytest
from aiokafka.errors import KafkaConnectionError

from streams.runtime.cluster import ClusterUnavailableError
from streams.runtime.kafka import aiokafka_options, ssl_context
from streams.runtime.operating.brokers import Brokers
from streams.settings import KafkaSettings, read_settings
from tests.fakes.tls import Authority, Heard, mutual_context, old_context, server_context, tls_server
from tests.unit.streams.cli.calling import SETTINGS

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated:DeprecationWarning"),
]
PASSWORD, KEY_PASSWORD = "canary-scram-3b7f", "canary-key-91ce"
Given = tuple[ssl.SSLContext, Path]
"""What the server speaks, and whom the client trusts."""


def wrong_authority(folder: Path) -> Given:
    return server_context(Authority(folder, "theirs").certificate()), Authority(folder, "ours").pem


def expired(folder: Path) -> Given:
    ours = Authority(folder)
    return server_context(ours.certificate(ends_in=timedelta(days=-1))), ours.pem


def another_host(folder: Path) -> Given:
    ours = Authority(folder)
    return server_context(ours.certificate("kafka.example.com")), ours.pem


def only_tls_1_0(folder: Path) -> Given:
    ours = Authority(folder)
    return old_context(ours.certificate()), ours.pem


def wants_a_client_certificate(folder: Path) -> Given:
    ours = Authority(folder)
    return mutual_context(ours.certificate(), ours), ours.pem


def settings(port: int, authority: Path, **changes: str) -> KafkaSettings:
    kafka = {
        "BOOTSTRAP_SERVERS": f"127.0.0.1:{port}",
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_USERNAME": "mw",
        "SASL_PASSWORD": PASSWORD,
        "SSL_CAFILE": str(authority),
        **changes,
    }
    return read_settings({**SETTINGS, **{f"STREAMS_KAFKA__{name}": value for name, value in kafka.items()}}).kafka


REFUSED: list[Callable[[Path], Given]] = [
    wrong_authority,
    expired,
    another_host,
    only_tls_1_0,
    wants_a_client_certificate,
]
cases = pytest.mark.parametrize("given", REFUSED, ids=lambda given: given.__name__)


@pytest.fixture
def server(given: Callable[[Path], Given], tmp_path: Path) -> Iterator[tuple[Heard, Path]]:
    context, authority = given(tmp_path)
    with tls_server(context) as heard:
        yield heard, authority


@cases
def test_brokers_that_must_not_be_believed_are_refused_in_one_line(server: tuple[Heard, Path]) -> None:
    heard, authority = server

    with pytest.raises(ClusterUnavailableError) as refused:
        Brokers(settings(heard.port, authority)).brokers()

    line = str(refused.value)
    assert (
        f"no broker at 127.0.0.1:{heard.port} answers: the encrypted connection failed; correct STREAMS_KAFKA__" in line
    )
    assert "\n" not in line
    assert PASSWORD not in line
    assert PASSWORD.encode() not in heard.first
    assert heard.connections <= 60  # it gives up


@cases
async def test_the_streams_own_client_refuses_them_too(server: tuple[Heard, Path]) -> None:
    heard, authority = server
    producer = aiokafka.AIOKafkaProducer(**aiokafka_options(settings(heard.port, authority)))

    with pytest.raises(KafkaConnectionError) as refused:
        await producer.start()
    await producer.stop()

    assert PASSWORD not in f"{refused.value}{heard.first!r}"


def test_a_listener_without_encryption_gets_no_password(tmp_path: Path) -> None:
    """No fallback: what comes is the greeting of TLS, which the plain listener does not understand."""
    with tls_server(None) as heard, pytest.raises(ClusterUnavailableError):
        Brokers(settings(heard.port, Authority(tmp_path).pem)).brokers()

    assert heard.first[:2] == b"\x16\x03"
    assert PASSWORD.encode() not in heard.first


def test_a_client_with_its_own_certificate_is_let_in(tmp_path: Path) -> None:
    ours = Authority(tmp_path)
    own = ours.certificate("mw", password=KEY_PASSWORD)
    context = mutual_context(ours.certificate(), ours)
    given = {"SSL_CERTFILE": str(own), "SSL_KEYFILE": str(own), "SSL_KEY_PASSWORD": KEY_PASSWORD}

    with tls_server(context) as heard:
        kafka = settings(heard.port, ours.pem, **given)
        with pytest.raises(ClusterUnavailableError):  # it speaks no Kafka
            Brokers(kafka).brokers()

    assert heard.handshakes
    assert heard.first
    assert KEY_PASSWORD not in repr(kafka)


def test_host_names_and_certificates_are_always_checked(tmp_path: Path) -> None:
    context = ssl_context(settings(1, Authority(tmp_path).pem))

    assert context is not None
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
