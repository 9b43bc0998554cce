"""Records of topics as an operator reads them, and a registry that knows every contract."""

from typing import Any

import msgspec

from schemas import projection
from schemas.catalogue import CONTRACTS, Contract, contract_of
from schemas.codec import frame
from schemas.models.cause import Cause
from schemas.models.operations import Audit
from streams.runtime.lookback import Place
from streams.runtime.operating.letters import DeadLetter, letter_of
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.wire import Wire
from streams.topics import DEAD_LETTER
from streams.web.letter_groups import group_id

ORIGIN = Place("wms.stock-change.v1", 3, 120)
STOCK = "wms.stock-change.v1"
IDS = {contract.topic: number for number, contract in enumerate(CONTRACTS, 1)}


class KnowsAll:
    """`streams.runtime.serde.Registry` over the catalogue; a topic in `missing` is not registered."""

    def __init__(self, missing: frozenset[str] = frozenset()) -> None:
        self._missing = missing

    def text_of(self, schema_id: int) -> str | None:
        return next((one.schema_text for one in CONTRACTS if IDS[one.topic] == schema_id), None)

    def id_of(self, subject: str, text: str) -> int | None:
        topic = subject.removesuffix("-value")
        return None if topic in self._missing else IDS[topic]


def wire() -> Wire:
    return Wire(KnowsAll())


def bytes_of(topic: str, model: msgspec.Struct) -> bytes:
    contract = contract_of(topic)
    assert contract is not None
    return _encoded(contract, model)


def _encoded(contract: Contract[msgspec.Struct], model: msgspec.Struct) -> bytes:
    return frame(IDS[contract.topic], projection.encoder(contract)(model))


def record(place: Place, value: bytes | None = b"v", **changes: Any) -> LogRecord:
    """At second 1 after 1970."""
    plain = LogRecord(place.topic, place.partition, place.offset, 1000, b"SKU-1", value, ())
    return plain._replace(**changes)


def letter_record(
    number: int = 0,
    *,
    origin: Place = ORIGIN,
    reason: str = "wrong-key",
    detail: str = "key 'A' is not the SKU of the record",
    headers: tuple[tuple[str, bytes | None], ...] = (),
    told: dict[str, str] | None = None,
    **changes: Any,
) -> LogRecord:
    """The letter with this offset, a second after the one before it."""
    marks = {
        "reason": reason,
        "detail": detail,
        "topic": origin.topic,
        "partition": str(origin.partition),
        "offset": str(origin.offset),
        "app": "commerce-streams",
        **(told or {}),
    }
    own = tuple((f"dl_{name}", text.encode()) for name, text in marks.items())
    place = Place(DEAD_LETTER.name, 0, number)
    return record(place, timestamp=1000 * (number + 1), headers=(*headers, *own), **changes)


def letter(number: int = 0, **parts: Any) -> DeadLetter:
    found = letter_of(letter_record(number, **parts), group_id)
    assert found is not None
    return found


def audit(action: str, letter_id: str, *, closes: Place | None = None, entity_type: str = "letter") -> Audit:
    cause = None if closes is None else Cause(*closes)
    return Audit(
        audit_id="a", at=0, actor="operator", action=action, entity_type=entity_type, entity=letter_id, cause=cause
    )
