"""Corrects the record of a dead letter: read by its own schema as a record of the topic's, changed, written anew."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from schemas.catalogue import STOCK_CHANGE as STOCK_CONTRACT
from schemas.catalogue import contract_of
from schemas.errors import DecodeError, EncodeError
from streams.domain.letter_edit import EditRefusedError, Fields, check_fields, corrected, told
from streams.domain.stock_door import Arrival, Refused, admit
from streams.domain.stock_rules import StockRules
from streams.runtime.operating.letters import (
    AT_THE_SHOP,
    EDIT_OF,
    EDITED,
    DeadLetter,
    NotRetriableError,
    Original,
)
from streams.runtime.operating.wire import Wire
from streams.runtime.serde import SchemaMissingError
from streams.topics import (
    CARRIER_EVENT,
    COMMERCE_RETURN,
    ERP_ORDER_EVENT,
    FULFILMENT_EVENT,
    HOLD,
    REBASE,
    STOCK_CHANGE,
    WITHOUT_PEOPLE,
)

EDITABLE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        STOCK_CHANGE.name: ("location_code", "bucket", "kind", "uom", "owner_code"),
        HOLD.name: ("source_code", "kind"),
        REBASE.name: ("location_code", "bucket"),
        FULFILMENT_EVENT.name: ("location_code", "step"),
        ERP_ORDER_EVENT.name: ("location_code", "channel", "kind"),
        CARRIER_EVENT.name: ("carrier_code", "what"),
        COMMERCE_RETURN.name: ("channel", "state"),
    }
)
"""What a mapping decides, by topic.  Ids, sequences, keys, quantities, times and everything of people are not here."""


class Corrected(NamedTuple):
    """The record to send, and both sides of what changed for the audit."""

    original: Original
    before: str
    after: str


class Corrector:
    """`fields` are checked once, when it is made.  Raises EditRefusedError."""

    def __init__(self, wire: Wire, rules: StockRules, now: Callable[[], int], fields: Fields) -> None:
        self._wire, self._rules, self._now, self._fields = wire, rules, now, dict(fields)

    def check(self, letters: Sequence[DeadLetter]) -> None:
        """Whether these fields may be changed in records of these topics.  Raises EditRefusedError."""
        for topic in dict.fromkeys(letter.origin.topic for letter in letters):
            check_fields(self._fields, EDITABLE.get(topic, ()))

    def correct(self, letter: DeadLetter, original: Original) -> Corrected:
        """Raises NotRetriableError, which quotes no value of the record."""
        try:
            return self._corrected(letter, original)
        except EditRefusedError as error:
            raise NotRetriableError(f"{letter.letter_id}: {error}") from None

    def _corrected(self, letter: DeadLetter, original: Original) -> Corrected:
        if letter.reason in AT_THE_SHOP:
            raise EditRefusedError(
                "its record was accepted, the shop refused the row: a correction would come too late"
            )
        topic = letter.origin.topic
        contract = contract_of(topic)
        if contract is None:
            raise EditRefusedError(f"{topic} has no schema of ours")
        try:
            record = self._wire.record(contract, original.value)
            changed = corrected(record, self._fields)
            value = self._wire.write(contract, changed)
        except DecodeError as error:
            raise EditRefusedError(f"its bytes cannot be read: {error.reason}; send it anew at its source") from None
        except EncodeError as error:
            raise EditRefusedError(str(error)) from None
        except SchemaMissingError as error:
            raise EditRefusedError(str(error)) from None
        self._check_key(original, changed, contract.key_field)
        self._check_door(topic, value)
        names, plain = tuple(self._fields), topic in WITHOUT_PEOPLE
        marks = ((EDIT_OF, letter.letter_id.encode()), (EDITED, ",".join(names).encode()))
        sent = original._replace(value=value, headers=(*original.headers, *marks))
        return Corrected(sent, told(record, names, plain=plain), told(changed, names, plain=plain))

    @staticmethod
    def _check_key(original: Original, changed: Mapping[str, object], key_field: str) -> None:
        if (original.key or b"") != str(changed.get(key_field, "")).encode():
            raise EditRefusedError(f"its message key is not the record's {key_field}, and stays so: discard it")

    def _check_door(self, topic: str, value: bytes) -> None:
        """Of a stock change the settings of whoever corrects it say whether it would be set aside again."""
        if topic != STOCK_CHANGE.name:
            return
        change = self._wire.decode(STOCK_CONTRACT, value)
        if isinstance(change, DecodeError):
            raise EditRefusedError(f"corrected so it cannot be read: {change.detail}")
        admitted = admit(change, Arrival(0, self._now()), self._rules)
        if isinstance(admitted, Refused):
            raise EditRefusedError(
                f"corrected so it would be set aside again: {admitted.reason.value}, {admitted.detail}"
            )
