"""Real bytes for the flow's inputs: framed with ids of a registry in memory, records made by the simulators' codec."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from schemas import projection
from schemas.catalogue import CONTRACTS, INVENTORY_HOLD, RESERVATION_REQUEST, STOCK_REBASE, Contract
from schemas.codec import frame
from schemas.models.inventory import InventoryHold, StockRebase
from schemas.models.stock_reservation import ReservationRequest
from simulators.wms.record import StockRecord
from simulators.wms.wire import STOCK_TOPIC, RecordCodec, schema_of
from streams.runtime.serde import BY_TOPIC, RegistryUnavailableError
from tests.unit.streams.domain.ledger import T0

ModelT = TypeVar("ModelT", bound=msgspec.Struct)

_CODEC = RecordCodec(schema_of(STOCK_TOPIC))
_HOLD, _REBASE = projection.encoder(INVENTORY_HOLD), projection.encoder(STOCK_REBASE)
_REQUEST = projection.encoder(RESERVATION_REQUEST)
IDS: Mapping[str, int] = {contract.topic: number for number, contract in enumerate(CONTRACTS, 1)}
FOREIGN_ID = 900
"""A schema that the registry knows, of another record."""


class MemoryRegistry:
    """Knows every contract, and one schema that is none of ours; `asked` lists the ids that were looked up."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.away = 0
        """So many questions are not answered."""
        self._texts = {IDS[contract.topic]: contract.schema_text for contract in CONTRACTS}
        self._texts[FOREIGN_ID] = '{"type": "record", "name": "Other", "fields": []}'

    def text_of(self, schema_id: int) -> str | None:
        self.asked.append(schema_id)
        if self.away:
            self.away -= 1
            raise RegistryUnavailableError("away")
        return self._texts.get(schema_id)

    def id_of(self, subject: str, text: str) -> int | None:
        return next((id_ for id_, known in self._texts.items() if known == text), None)


def record(**fields: Any) -> StockRecord:  # noqa: ANN401  any field of a record
    plain: Any = {
        "event_id": "e1",
        "source_system": "wms",
        "source_sequence": 1,
        "owner_code": None,
        "sku": "A",
        "uom": "EA",
        "location_code": "W1",
        "bin_code": None,
        "kind": "DELTA",
        "bucket": "ON_HAND",
        "quantity": Decimal("1.000000"),
        "previous_quantity": None,
        "resulting_quantity": None,
        "reason": "PICK",
        "reason_code": None,
        "lot": None,
        "serials": [],
        "expires_on": None,
        "status_code": None,
        "reference": None,
        "effective_at": T0,
        "recorded_at": T0,
        "correlation_id": None,
        "extras": {},
        **fields,
    }
    made: StockRecord = plain
    return made


def change_bytes(**fields: Any) -> bytes:  # noqa: ANN401  as above
    return frame(IDS[STOCK_TOPIC], _CODEC.encode(record(**fields)))


def hold_bytes(hold: InventoryHold) -> bytes:
    return frame(IDS[INVENTORY_HOLD.topic], _HOLD(hold))


def rebase_bytes(rebase: StockRebase) -> bytes:
    return frame(IDS[STOCK_REBASE.topic], _REBASE(rebase))


def request_bytes(request: ReservationRequest) -> bytes:
    return frame(IDS[RESERVATION_REQUEST.topic], _REQUEST(request))


_DECODERS: dict[str, Any] = {}  # Any: each topic's own model


def model_of(topic: str, value: bytes | None, kind: type[ModelT]) -> ModelT:
    """What a reader of the topic makes of a framed value."""
    if topic not in _DECODERS:
        contract: Contract[msgspec.Struct] = BY_TOPIC[topic]
        _DECODERS[topic] = projection.decoder(contract, contract.schema_text)
    model = _DECODERS[topic].decode(value or b"", 5)
    assert isinstance(model, kind)
    return model
