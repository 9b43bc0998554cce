"""The stub shop as a process, and what it noted."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.workers import Program, free_port, until

ANSWER_S = 30.0
ShopRow = tuple[str, str, float, int]
"""Source, SKU, quantity, status."""


class Effect(NamedTuple):
    """A row that a call showed, by the shop's clock (seconds since 1970)."""

    at: float
    call: int
    source_code: str
    sku: str
    quantity: float


class Shop:
    """Not pinned: it shares the cores of broker and generator."""

    def __init__(self, folder: Path, name: str = "shop") -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "bench.programs.stub_shop", str(port)]
        self._program = Program(command, folder / f"{name}.log", {}, pin=False)
        until(self._answers, within=30, what=lambda: f"the stub answers\n{self._program.log}")

    def _answers(self) -> bool:
        try:
            return self.count()["calls"] == 0
        except (OSError, urllib.error.URLError):
            return False

    @property
    def environ(self) -> dict[str, str]:
        """What a worker is told of it."""
        return {"STREAMS_SINKS__MODE": "run", "STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL": self.url}

    def set(self, **settings: object) -> None:
        """See the stub; counts begin anew, unless `keep`."""
        self._put("/set", settings)

    def edit(self, *, put: Iterable[ShopRow] = (), delete: Iterable[tuple[str, str]] = ()) -> None:
        """As somebody else would: rows written or deleted (source, SKU) behind the worker's back."""
        self._put("/rows", {"put": list(put), "delete": list(delete)})

    def _put(self, path: str, document: object) -> None:
        body = json.dumps(document).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=body, method="PUT")
        with urllib.request.urlopen(request, timeout=ANSWER_S):
            pass

    def count(self) -> dict[str, int]:
        found: dict[str, int] = self._get("/count")
        return found

    def effects(self, since: int = 0) -> Iterator[Effect]:
        """Row by row, in the order of calls, the first ones left out."""
        number = since
        while lines := self._get(f"/journal?since={number}"):
            for at, rows in lines:
                for source_code, sku, quantity in rows:
                    yield Effect(at, number, source_code, sku, float(quantity))
                number += 1

    def _get(self, path: str) -> Any:  # Any: JSON
        with urllib.request.urlopen(f"{self.url}{path}", timeout=ANSWER_S) as answer:
            return json.load(answer)

    def end(self) -> None:
        self._program.end()
