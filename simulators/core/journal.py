"""The truth about what reached the target: checkers read this and nothing else."""

import os
from pathlib import Path

import msgspec

from simulators.core import wire


class Entry(msgspec.Struct, kw_only=True):
    """One request (kind "request"), or one thing that happened later or by itself (its kind says what)."""

    seq: int = 0
    kind: str = "request"
    at: float
    method: str
    path: str
    query: str = ""
    status: int | None = None
    effect: bool = False
    answered: bool = False
    ended_at: float | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")
    fault: str | None = None
    detail: dict[str, object] = msgspec.field(default_factory=dict)


class Journal:
    """Entries in memory as encoded lines, and in a file that survives a kill of the simulator.

    `seq` rises for the life of the simulator, over resets too.  Memory is bounded: beyond `memory_bytes` the oldest
    quarter is only in the file, and `page` starts with the oldest entry that is left.  What becomes known after an
    entry was written (the answer could not be sent, a hang ended) is changed in memory and follows in the file as a
    line of kind "amendment".
    """

    def __init__(self, path: Path | None = None, *, memory_bytes: int = 512 * 1024 * 1024) -> None:
        self._lines: list[bytes] = []
        self._dropped = 0
        self._bytes = 0
        self._memory_bytes = memory_bytes
        self._file = _open(path)
        self._mark("start")

    @property
    def last_seq(self) -> int:
        return self._dropped + len(self._lines)

    def append(self, entry: Entry) -> None:
        """Durable in the file (against a kill, not a power cut) when this returns."""
        entry.seq = self.last_seq + 1
        line = wire.encode(entry)
        self._lines.append(line)
        self._bytes += len(line)
        self._write(line)
        if self._bytes > self._memory_bytes and len(self._lines) > 1:
            self._drop(len(self._lines) // 4 + 1)

    def amend(self, entry: Entry) -> None:
        """Write down what was learnt about an entry since: `answered` and `ended_at`."""
        index = entry.seq - 1 - self._dropped
        if 0 <= index < len(self._lines):
            self._lines[index] = wire.encode(entry)
        change = {"kind": "amendment", "seq": entry.seq, "answered": entry.answered, "ended_at": entry.ended_at}
        self._write(wire.encode(change))

    def page(self, since: int, limit: int) -> bytes:
        """JSON: at most `limit` entries with seq above `since`, and the `next` value of `since`."""
        start = max(since - self._dropped, 0)
        window = self._lines[start : start + limit]
        following = min(self._dropped + start, self.last_seq) + len(window)
        return b'{"items":[' + b",".join(window) + b'],"next":' + str(following).encode() + b"}"

    def entries(self, since: int = 0) -> list[Entry]:
        """For tests and demos in the same process."""
        start = max(since - self._dropped, 0)
        return [msgspec.json.decode(line, type=Entry) for line in self._lines[start:]]

    def clear(self) -> None:
        self._drop(len(self._lines))
        self._mark("reset")

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _drop(self, count: int) -> None:
        self._bytes -= sum(len(line) for line in self._lines[:count])
        del self._lines[:count]
        self._dropped += count

    def _mark(self, kind: str) -> None:
        self._write(wire.encode({"kind": kind, "seq": self.last_seq}))

    def _write(self, line: bytes) -> None:
        if self._file is not None:
            os.write(self._file, line + b"\n")


def _open(path: Path | None) -> int | None:
    if path is None:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
