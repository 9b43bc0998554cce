"""A dead letter that was sent again, and that newer state has overtaken: the ledger ignores it, and the audit says so.

The record names its letter in a header, which anybody could set: so it is believed only for a letter of this topic, and
the audit record closes nothing by itself (`streams.runtime.operating.letter_closings`).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schemas.models.cause import Cause as CauseModel
from schemas.models.operations import Audit
from streams.domain.derived_id import derived_id
from streams.domain.reasons import IgnoreReason
from streams.flows.stock_messages import Encode
from streams.runtime.dead_letters import SourceRecord
from streams.runtime.letter_headers import RETRY_OF
from streams.runtime.outbox import Message
from streams.topics import AUDIT

ACTION = "supersede-letter"
ID_LIMIT = 200


class Overtaken(NamedTuple):
    """A record that was a letter, and why it changes nothing now."""

    record: SourceRecord
    letter: str
    why: IgnoreReason


def overtaken(record: SourceRecord, why: IgnoreReason) -> Overtaken | None:
    """None for a record that was no letter."""
    letter = next((value for name, value in record.headers if name == RETRY_OF and value), None)
    if letter is None or len(letter) > ID_LIMIT:
        return None
    found = bytes(letter).decode("utf-8", "replace")
    return Overtaken(record, found, why) if found.startswith(f"{record.topic}-") and found.isprintable() else None


def audits(found: Sequence[Overtaken], encode: Encode, worker: str, now: Callable[[], int]) -> list[Message]:
    """Sent before the state is written, so that none is lost; a repeat after a kill has the same id."""
    return [_audit(one, encode, worker, now()) for one in found]


def _audit(one: Overtaken, encode: Encode, worker: str, at: int) -> Message:
    place = (one.record.topic, one.record.partition, one.record.offset)
    audit = Audit(
        audit_id=derived_id("supersede", *place),
        at=at,
        actor=worker,
        action=ACTION,
        entity_type="letter",
        entity=one.letter,
        before="retried",
        after="superseded",
        reason=one.why.value,
        cause=CauseModel(*place),
    )
    return Message(AUDIT.name, one.letter.encode(), encode(AUDIT.name, audit))
