"""How far the shop's orders were read by their last change, and which of them are known already.

A shop tells the last change of an order in whole seconds, and some changes become visible late.  So every round begins
a little before where the last one came to, and what is read again is known by its second and its content.  The place
never goes beyond the beginning of the round that read it: what was not visible then has a time that the overlap covers.
"""

from collections.abc import Iterable

import msgspec

from schemas.models.document import OrderChange
from streams.domain.increment_gaps import Gaps

FORM = 1
"""Of the stored memory; another one is another release's and is refused."""
SEEN_AT_MOST = 2000
SURE_AFTER = 5_000_000
"""An order that was read within so long (µs) of its change may have changed again within the same second."""


class Scan(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a round is: behind the order `after` in the second `since`; it began at `began` (µs, our clock)."""

    since: int
    after: str
    began: int


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was read of an order: as of when, which statement it made, and whether its second was over by then."""

    entity_id: str
    updated_at: int
    event_id: str
    is_sure: bool


class Memory(msgspec.Struct, frozen=True, gc=False):
    """Everything a poll of orders remembers; times in µs.

    Every change up to `position`, less the overlap, is on its topic.  Numbers of orders that were placed at
    `watched_from` or later are watched for gaps.
    """

    form: int
    position: int
    watched_from: int
    scan: Scan | None = None
    seen: tuple[Seen, ...] = ()
    gaps: Gaps = Gaps()


def begun(at: int) -> Memory:
    """Nothing was read yet: what changed at `at` or later is looked for, numbers placed since then are watched."""
    return Memory(FORM, at, at)


def scan_of(memory: Memory, now: int, overlap: int) -> Scan:
    """The round that is under way, or a new one."""
    return memory.scan or Scan(max(0, memory.position - overlap), "", now)


def is_known(memory: Memory, change: OrderChange) -> bool:
    """Whether what the change brought was read already, and nothing of the same second can have come after it."""
    known = _seen_of(memory, change.entity_id)
    return known is not None and known.is_sure and known.updated_at >= change.updated_at


def was_stated(memory: Memory, entity_id: str, event_id: str) -> bool:
    """Whether the order said this last."""
    known = _seen_of(memory, entity_id)
    return known is not None and known.event_id == event_id


def with_seen(memory: Memory, seen: Seen) -> Memory:
    others = tuple(one for one in memory.seen if one.entity_id != seen.entity_id)
    return msgspec.structs.replace(memory, seen=_newest((*others, seen)))


def passed(memory: Memory, scan: Scan, change: OrderChange) -> Memory:
    """Everything up to this change is done."""
    position = max(memory.position, min(change.updated_at, scan.began))
    return msgspec.structs.replace(
        memory, position=position, scan=Scan(change.updated_at, change.entity_id, scan.began)
    )


def ended(memory: Memory, overlap: int) -> Memory:
    """The round came to the end of the list; what no round will meet again is forgotten."""
    begin = (memory.position - overlap) // 1_000_000 * 1_000_000
    seen = tuple(one for one in memory.seen if one.updated_at >= begin)
    return msgspec.structs.replace(memory, scan=None, seen=seen)


def is_news(before: Memory, after: Memory) -> bool:
    """Whether more is different than where the round is: a round that was cut off may as well begin again."""
    return msgspec.structs.replace(before, scan=None) != msgspec.structs.replace(after, scan=None)


def encode(memory: Memory) -> str:
    return _ENCODER.encode(memory).decode()


def decode(text: str) -> Memory:
    """Raises msgspec.MsgspecError for what is no memory, or one of another form."""
    memory = _DECODER.decode(text)
    if memory.form != FORM:
        raise msgspec.ValidationError(f"a memory of form {memory.form}; this release reads {FORM}")
    return memory


def _seen_of(memory: Memory, entity_id: str) -> Seen | None:
    return next((one for one in memory.seen if one.entity_id == entity_id), None)


def _newest(seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """What is forgotten is read once more than needed, and no more than that."""
    ordered = sorted(seen, key=lambda one: (one.updated_at, one.entity_id))
    return tuple(ordered[-SEEN_AT_MOST:])


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Memory)
