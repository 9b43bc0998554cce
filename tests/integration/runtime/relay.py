"""A way to a server that can be cut and mended: the server itself notices nothing."""

import contextlib
import socket
import socketserver
import threading
from urllib.parse import urlsplit

from tests.processes import free_port


class Relay:
    """Forwards every connection to the server of `url`; `url` of this one leads through it."""

    def __init__(self, url: str) -> None:
        target, self._port = urlsplit(url), free_port()
        self._to = (str(target.hostname), int(target.port or 0))
        self.url = target._replace(netloc=f"127.0.0.1:{self._port}").geturl()
        self._open: set[socket.socket] = set()
        self._server: socketserver.ThreadingTCPServer | None = None

    def mend(self) -> "Relay":
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                relay._carry(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", self._port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def cut(self) -> None:
        """New connections are refused, those that stand are reset."""
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _carry(self, client: socket.socket) -> None:
        with socket.create_connection(self._to) as server:
            self._open |= {client, server}
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join()
            self._open -= {client, server}


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
