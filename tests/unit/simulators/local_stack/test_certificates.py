import ssl
from pathlib import Path

from simulators.local_stack import certificates
from simulators.local_stack.protection import AUTHORITY_PEM, SERVER_PEM


def test_a_client_that_trusts_the_authority_accepts_the_server_by_address(tmp_path: Path) -> None:
    certificates.ensure(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / SERVER_PEM)
    client = ssl.create_default_context(cafile=tmp_path / AUTHORITY_PEM)

    assert shake_hands(client, server, "127.0.0.1")
    assert shake_hands(client, server, "localhost")
    assert not shake_hands(client, server, "kafka.example.org")
    assert not shake_hands(ssl.create_default_context(), server, "127.0.0.1")


def test_kept_certificates_are_not_replaced(tmp_path: Path) -> None:
    certificates.ensure(tmp_path)
    first = (tmp_path / SERVER_PEM).read_bytes()

    certificates.ensure(tmp_path)

    assert (tmp_path / SERVER_PEM).read_bytes() == first


def test_the_private_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    certificates.ensure(tmp_path)

    assert (tmp_path / SERVER_PEM).stat().st_mode & 0o077 == 0


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> bool:
    """In memory: what either side writes, the other reads."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname=name)
    far = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (near, far):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return near.version() is not None
