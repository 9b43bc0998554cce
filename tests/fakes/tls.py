"""Authorities, certificates and a server that speaks TLS and nothing behind it: for refusals at the handshake."""

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
HERE = "127.0.0.1"


class Authority:
    """Signs certificates; `pem` is what trusts it."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(self._name, self._key.public_key(), DAY)
        limits = x509.BasicConstraints(ca=True, path_length=0)
        made = builder.add_extension(limits, critical=True).sign(self._key, hashes.SHA256())
        self.pem = folder / f"{name}.pem"
        self.pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def certificate(self, host: str = HERE, *, ends_in: timedelta = DAY, password: str = "") -> Path:
        """Key and certificate in one file; one that has ended began before that."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = self._builder(name, key.public_key(), ends_in)
        made = builder.add_extension(x509.SubjectAlternativeName([_named(host)]), critical=False).sign(
            self._key, hashes.SHA256()
        )
        hidden: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            hidden = serialization.BestAvailableEncryption(password.encode())
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
        file = self._folder / f"{host}-{made.serial_number}.pem"
        file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        file.chmod(0o600)
        return file

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, ends_in: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)  # noqa: TID251  TLS looks at the real clock
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * DAY)
            .not_valid_after(now + ends_in)
        )


def _named(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@dataclass
class Heard:
    """What the server saw: connections, handshakes that ended well, and the first bytes behind them."""

    port: int
    connections: int = 0
    handshakes: int = 0
    first: bytes = b""


@contextlib.contextmanager
def tls_server(context: ssl.SSLContext | None) -> Iterator[Heard]:
    """Shakes hands (None: speaks plainly), reads once and closes."""
    with socket.create_server((HERE, 0)) as listening:
        heard = Heard(listening.getsockname()[1])
        listening.settimeout(0.05)
        ending = threading.Event()
        thread = threading.Thread(target=_serve, args=(listening, context, heard, ending))
        thread.start()
        try:
            yield heard
        finally:
            ending.set()
            thread.join(10)


def _serve(listening: socket.socket, context: ssl.SSLContext | None, heard: Heard, ending: threading.Event) -> None:
    while not ending.is_set():
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue
        heard.connections += 1
        connection.settimeout(1)
        with contextlib.suppress(OSError), contextlib.closing(_shaken(connection, context)) as spoken:
            heard.handshakes += 1
            heard.first = heard.first or spoken.recv(4096)


def _shaken(connection: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    if context is None:
        return connection
    try:
        return context.wrap_socket(connection, server_side=True)
    except OSError:
        connection.close()
        raise


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def old_context(certificate: Path) -> ssl.SSLContext:
    """TLS 1.0 and nothing newer."""
    context = server_context(certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


def mutual_context(certificate: Path, authority: Authority) -> ssl.SSLContext:
    """Wants a certificate of the client, too."""
    context = server_context(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.pem)
    return context
