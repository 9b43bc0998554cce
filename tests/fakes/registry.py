"""A schema registry in memory, on a free port."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


class FakeRegistry:
    """The routes that producers and operators use, in memory; `requests` lists what was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.schemas: list[dict[str, Any]] = []
        self.subjects: dict[str, list[int]] = {}
        self.requests: list[str] = []

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.requests.append(f"{method} {path}")
        parts = [unquote(part) for part in urlsplit(path).path.strip("/").split("/")]
        match (method, parts):
            case "GET", ["schemas", "ids", number] if 0 < int(number) <= len(self.schemas):
                return 200, {"schema": json.dumps(self.schemas[int(number) - 1])}
            case "GET", ["subjects", subject, "versions", "latest"] if subject in self.subjects:
                newest = self.subjects[subject][-1]
                return 200, {"id": newest, "schema": json.dumps(self.schemas[newest - 1])}
            case "POST", ["subjects", subject, "versions"]:
                return 200, {"id": self.add(subject, json.loads(body["schema"]))}
            case "POST", ["subjects", subject]:
                for registered in self.subjects.get(subject, []):
                    if self.schemas[registered - 1] == json.loads(body["schema"]):
                        return 200, {"id": registered}
        return 404, {"error_code": 40401, "message": "not found"}

    def add(self, subject: str, schema: dict[str, Any]) -> int:
        if schema not in self.schemas:
            self.schemas.append(schema)
        number = self.schemas.index(schema) + 1
        if number not in self.subjects.setdefault(subject, []):
            self.subjects[subject].append(number)
        return number


@contextmanager
def served() -> Iterator[FakeRegistry]:
    """Listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            status, answer = fake.answer(self.command, self.path, body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _serve  # noqa: N815 - http.server finds them by these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeRegistry(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
