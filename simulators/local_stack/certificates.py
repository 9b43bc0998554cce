"""Makes an authority and a server certificate for this machine, so that encryption can be tried without a keytool."""

import ipaddress
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulators.local_stack import clock
from simulators.local_stack.disk import write_atomically
from simulators.local_stack.protection import AUTHORITY_PEM, SERVER_PEM

VALID = timedelta(days=3650)
EARLIER = timedelta(days=1)
"""Valid from yesterday on: a clock that is a little behind must not refuse the certificate."""


def ensure(folder: Path) -> None:
    """ca.pem for clients and server.pem (key, certificate, authority) for brokers; kept where they are there."""
    if (folder / SERVER_PEM).exists() and (folder / AUTHORITY_PEM).exists():
        return
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    server = _server(server_key, authority, authority_key)
    key = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_atomically(folder / AUTHORITY_PEM, _pem(authority))
    write_atomically(folder / SERVER_PEM, key + _pem(server) + _pem(authority))


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("local stack authority")
    builder = _builder(name, name, key.public_key())
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
        key, hashes.SHA256()
    )


def _server(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = _builder(_name("localhost"), authority.subject, key.public_key())
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(
        authority_key, hashes.SHA256()
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + VALID)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
