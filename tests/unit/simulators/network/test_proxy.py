import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from simulators.network import Kind, Proxy, Toxic, Way
from tests.processes import until

SOON_S = 10
SILENCE_S = 0.2
ALL = tuple(Kind)


class Echo(socketserver.BaseRequestHandler):
    """Says everything again, and notes what it heard."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.request.recv(65_536):
                self.server.heard += data  # type: ignore[attr-defined]
                self.request.sendall(data)


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    heard = b""


@pytest.fixture
def server() -> Iterator[EchoServer]:
    with EchoServer(("127.0.0.1", 0), Echo) as made:
        threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def proxy(server: EchoServer) -> Iterator[Proxy]:
    with Proxy(("127.0.0.1", int(server.server_address[1]))) as made:
        yield made


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with connected(proxy) as made:
        yield made


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=SOON_S)


def echoed(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    return received(client, len(data))


def received(client: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size and (data := client.recv(65_536)):
        found += data
    return found


def is_silent(client: socket.socket) -> bool:
    client.settimeout(SILENCE_S)
    try:
        return not client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(SOON_S)


def is_reset(client: socket.socket) -> bool:
    try:
        client.sendall(b"x")
        return not client.recv(65_536)
    except OSError:
        return True


def test_without_a_toxic_everything_passes_unchanged(proxy: Proxy, client: socket.socket) -> None:
    data = bytes(range(256)) * 2000

    assert echoed(client, data) == data
    assert not proxy.bites


def test_an_address_leads_through_the_proxy_with_its_path(proxy: Proxy) -> None:
    assert proxy.through("http://10.0.0.1:8081/apis/v7?x=1") == f"http://127.0.0.1:{proxy.port}/apis/v7?x=1"


def test_a_port_that_is_taken_is_refused(proxy: Proxy) -> None:
    with pytest.raises(OSError, match="in use"):
        Proxy(("127.0.0.1", 1), port=proxy.port).start()


def test_a_server_that_is_not_there_resets_the_client() -> None:
    with Proxy(("127.0.0.1", 1)) as proxy:
        try:
            with connected(proxy) as client:
                reset = is_reset(client)
        except ConnectionResetError:  # before the client knew that it was connected
            reset = True
        assert reset


def test_latency_delays_every_piece_both_ways(proxy: Proxy, client: socket.socket) -> None:
    proxy.strike(Toxic(Kind.LATENCY, delay_s=0.15))
    began = time.monotonic()  # noqa: TID251  a lower bound, which a busy machine cannot break

    assert echoed(client, b"late") == b"late"
    assert time.monotonic() - began >= 0.29  # noqa: TID251  as above
    assert proxy.bites["latency"] == 2


def test_latency_with_jitter_keeps_the_order(proxy: Proxy, client: socket.socket) -> None:
    proxy.strike(Toxic(Kind.LATENCY, way=Way.UP, delay_s=0.02, jitter_s=0.02))
    data = bytes(range(256)) * 400

    assert echoed(client, data) == data


def test_bandwidth_lets_no_more_through_than_its_rate(proxy: Proxy, client: socket.socket) -> None:
    proxy.strike(Toxic(Kind.BANDWIDTH, way=Way.UP, rate=100_000))
    began = time.monotonic()  # noqa: TID251  as above

    assert echoed(client, b"x" * 40_000) == b"x" * 40_000
    assert time.monotonic() - began >= 0.39  # noqa: TID251  as above
    assert proxy.bites["bandwidth"] >= 3


def test_a_slicer_cuts_data_into_pieces(proxy: Proxy, client: socket.socket) -> None:
    proxy.strike(Toxic(Kind.SLICER, way=Way.UP, size=3, delay_s=0.001))

    assert echoed(client, b"abcdefghij") == b"abcdefghij"
    assert proxy.bites["slicer"] == 4


def test_what_is_held_arrives_with_the_heal_and_not_before(
    proxy: Proxy, client: socket.socket, server: EchoServer
) -> None:
    proxy.strike(Toxic(Kind.HOLD))
    client.sendall(b"patience")
    until(lambda: proxy.bites["hold"] > 0, within=SOON_S, what="the data are held")
    assert is_silent(client)
    assert not server.heard

    proxy.heal()

    assert received(client, 8) == b"patience"


def test_one_way_held_lets_the_other_pass(proxy: Proxy, client: socket.socket, server: EchoServer) -> None:
    proxy.strike(Toxic(Kind.HOLD, way=Way.DOWN))
    client.sendall(b"heard")

    until(lambda: server.heard == b"heard", within=SOON_S, what="the server hears it")
    assert is_silent(client)


def test_what_is_dropped_one_way_never_arrives_and_the_heal_resets(
    proxy: Proxy, client: socket.socket, server: EchoServer
) -> None:
    assert echoed(client, b"before") == b"before"
    proxy.strike(Toxic(Kind.DROP, way=Way.UP))
    client.sendall(b"lost")
    until(lambda: proxy.bites["drop"] > 0, within=SOON_S, what="the data are dropped")

    proxy.heal()

    assert is_reset(client)
    assert server.heard == b"before"
    with connected(proxy) as other:
        assert echoed(other, b"after") == b"after"


def test_down_resets_what_stands_and_what_comes_until_the_heal(proxy: Proxy, client: socket.socket) -> None:
    assert echoed(client, b"x") == b"x"
    proxy.strike(Toxic(Kind.DOWN))

    assert is_reset(client)
    with contextlib.suppress(ConnectionError), connected(proxy) as other:
        assert is_reset(other)
    until(lambda: proxy.bites["down"] == 2, within=SOON_S, what="both are counted")
    proxy.heal()
    with connected(proxy) as third:
        assert echoed(third, b"x") == b"x"


def test_a_reset_comes_after_its_delay_also_where_nobody_speaks(proxy: Proxy, client: socket.socket) -> None:
    assert echoed(client, b"x") == b"x"
    proxy.strike(Toxic(Kind.RESET_PEER, delay_s=0.05))

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert proxy.bites["reset_peer"] == 1


def test_a_timeout_swallows_and_then_closes(proxy: Proxy, client: socket.socket, server: EchoServer) -> None:
    proxy.strike(Toxic(Kind.TIMEOUT, delay_s=0.3))
    client.sendall(b"swallowed")

    assert client.recv(1) == b""
    assert not server.heard
    assert proxy.bites["timeout"] >= 1


def test_a_timeout_of_zero_closes_with_the_heal(proxy: Proxy, client: socket.socket) -> None:
    proxy.strike(Toxic(Kind.TIMEOUT))
    client.sendall(b"swallowed")
    until(lambda: proxy.bites["timeout"] > 0, within=SOON_S, what="the data are swallowed")
    assert is_silent(client)

    proxy.heal()

    assert is_reset(client)


def test_limit_data_closes_after_so_many_bytes(proxy: Proxy, client: socket.socket) -> None:
    proxy.strike(Toxic(Kind.LIMIT_DATA, way=Way.DOWN, size=10))
    client.sendall(b"0123456789abcdef")

    assert received(client, 16) == b"0123456789"
    assert proxy.bites["limit_data"] == 1


def test_slow_close_tells_the_end_later(proxy: Proxy, server: EchoServer) -> None:
    proxy.strike(Toxic(Kind.SLOW_CLOSE, way=Way.UP, delay_s=0.15))
    with connected(proxy) as client:
        assert echoed(client, b"x") == b"x"
        client.shutdown(socket.SHUT_WR)
        began = time.monotonic()  # noqa: TID251  as above

        assert client.recv(1) == b""
        assert time.monotonic() - began >= 0.14  # noqa: TID251  as above
    assert proxy.bites["slow_close"] == 1


@pytest.mark.parametrize("kind", ALL)
def test_every_kind_counts_its_bite_and_heals(proxy: Proxy, kind: Kind) -> None:
    toxic = Toxic(kind, delay_s=0.01, rate=1_000_000, size=4)
    with connected(proxy) as client:
        proxy.strike(toxic)
        with contextlib.suppress(OSError):
            client.sendall(b"0123456789")
            if kind is Kind.SLOW_CLOSE:
                client.shutdown(socket.SHUT_WR)
        until(lambda: proxy.bites[kind] > 0, within=SOON_S, what=f"{kind} bites")

    proxy.heal()

    with connected(proxy) as other:
        assert echoed(other, b"well") == b"well"


def test_stopping_ends_connections_and_a_second_stop_does_nothing(server: EchoServer) -> None:
    proxy = Proxy(("127.0.0.1", int(server.server_address[1]))).start()
    with connected(proxy) as client:
        assert echoed(client, b"x") == b"x"
        proxy.stop()
        proxy.stop()

        assert is_reset(client)
