"""Everything that was produced, one JSON line each, so that a test can name every offset of the topic."""

import json
import threading
from collections import deque
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

KEPT = 200_000


class Journal:
    """Appended from any thread; the newest entries stay in memory, all of them in the file."""

    def __init__(self, path: Path | None = None, *, kept: int = KEPT) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=kept)
        self._written = 0
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def append(self, entry: Mapping[str, Any]) -> None:
        """Numbers the entry from 1 and keeps it."""
        with self._lock:
            self._written += 1
            numbered = {"seq": self._written, **entry}
            self._entries.append(numbered)
            if self._file is not None:
                self._file.write(json.dumps(numbered, ensure_ascii=False) + "\n")

    def since(self, number: int, limit: int = 1000) -> tuple[list[dict[str, Any]], int]:
        """Up to `limit` entries numbered above `number`, and the number to ask with next."""
        with self._lock:
            first = self._written - len(self._entries)
            items = list(islice(self._entries, max(number - first, 0), max(number - first, 0) + limit))
        return items, items[-1]["seq"] if items else max(number, 0)

    def flush(self) -> None:
        """What was appended is in the file."""
        with self._lock:
            if self._file is not None:
                self._file.flush()

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __len__(self) -> int:
        return self._written
