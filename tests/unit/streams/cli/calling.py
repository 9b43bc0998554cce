"""Calls commands as a terminal does, and servers to call."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from click.testing import Result

from tests.commands import invoke
from tests.unit.streams.web.asking import WITH_TOKENS
from tests.unit.streams.web.worlds import World, served

NOBODY = "127.0.0.1:1"
"""Nothing listens there."""
SETTINGS: Mapping[str, str] = {
    "STREAMS_KAFKA__BOOTSTRAP_SERVERS": NOBODY,
    "STREAMS_SCHEMA_REGISTRY__URL": f"http://{NOBODY}",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL": f"http://{NOBODY}",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__KIND": "token",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__USERNAME": "somebody",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__PASSWORD": "canary-5a1e",
}


def run(*arguments: str, settings: Mapping[str, str] = SETTINGS, answers: str | None = None) -> Result:
    return invoke(settings, *arguments, answers=answers)


def one_line(result: Result) -> str:
    """The refusal: exit code 2 and one line on stderr, nothing else."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


@contextmanager
def worker(world: World) -> Iterator[str]:
    """The pages of a worker in this state, in a thread of their own."""
    started, ended = threading.Event(), threading.Event()
    found: list[str] = []

    async def serve() -> None:
        async with served(world, WITH_TOKENS) as one:
            found.append(one.url)
            started.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(10)
    try:
        yield found[0]
    finally:
        ended.set()
        thread.join(10)


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """Answers every request with `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def do_POST(self) -> None:
            answer(self)

        def do_HEAD(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join(10)


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response_only(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    return answer
