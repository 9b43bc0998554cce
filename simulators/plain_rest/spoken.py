"""What a stand-in said to the outside: shown to whoever asks, and carried away by a speaker."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Generic, Protocol, TypeVar
from urllib.parse import parse_qs

from simulators.core.exchange import Answer, Call, Note, json_answer

MOST_SAID = 10_000
RecordT = TypeVar("RecordT")
RecordT_contra = TypeVar("RecordT_contra", contravariant=True)


class Speaker(Protocol[RecordT_contra]):
    """Who carries what is said to the outside."""

    def say(self, record: RecordT_contra, now: float) -> None:
        """Send it, sooner or later, once or twice."""
        ...

    def go_on(self, now: float) -> None:
        """Send what was held back until now."""
        ...


class Spoken(Generic[RecordT]):
    """The newest records, numbered from the first; `shown` makes JSON of one."""

    def __init__(self, speaker: Speaker[RecordT] | None, shown: Callable[[RecordT], object]) -> None:
        self.speaker, self._shown = speaker, shown
        self._records: deque[RecordT] = deque(maxlen=MOST_SAID)
        self._in_all = 0

    def __iter__(self) -> Iterator[RecordT]:
        return iter(self._records)

    def __getitem__(self, number: int) -> RecordT:
        return self._records[number]

    def __len__(self) -> int:
        return len(self._records)

    def say(self, record: RecordT, now: float) -> None:
        self._records.append(record)
        self._in_all += 1
        if self.speaker is not None:
            self.speaker.say(record, now)

    def go_on(self, now: float) -> None:
        if self.speaker is not None:
            self.speaker.go_on(now)

    def clear(self) -> None:
        self._records.clear()
        self._in_all = 0

    async def show(self, call: Call, _note: Note) -> Answer:
        """`since` is the number of those that the reader has."""
        since = parse_qs(call.query).get("since", ["0"])[0]
        if not since.isdecimal():
            return json_answer(400, {"message": "since must be a number"})
        gone = self._in_all - len(self._records)
        new = islice(self._records, max(0, int(since) - gone), None)
        return json_answer(200, {"events": [self._shown(one) for one in new]})
