"""A word that nobody knows is kept with its system, and nothing of what was written beside it."""

from typing import Any

import msgspec
import pytest

from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent
from schemas.models.returned import Return
from streams.domain.unknown_words import (
    MOST_WORDS,
    SYSTEM_LIMIT,
    WORD_LIMIT,
    Heard,
    UnknownWord,
    WordsHeard,
    of_erp,
    of_fulfilment,
    of_return,
)

T0 = 1_763_700_000_000_000
STEP = FulfilmentEvent(
    event_id="f1", source_system="wms:main", order_id="T7", step="UNKNOWN", effective_at=T0, recorded_at=T0
)
SAID = ErpOrderEvent(
    event_id="s1", source_system="netsuite", erp_number="SO1", status="Halb  Fertig", effective_at=T0, recorded_at=T0,
    reason="Jane Miller of 5 High Street called",
)  # fmt: skip
BACK = Return(
    event_id="r1", source_system="commerce", return_id="17", order_number="1", state="UNKNOWN", effective_at=T0,
    recorded_at=T0, reason="Jane Miller of 5 High Street called",
)  # fmt: skip


@pytest.mark.parametrize(("step", "cure"), [("UNKNOWN", "release"), ("PARTIALLY_SHIPPED", "lines")])
def test_a_warehouses_step_lacks_its_lines_or_is_of_another_release(step: Any, cure: str) -> None:
    assert of_fulfilment(msgspec.structs.replace(STEP, step=step)) == ("wms:main", step, cure)


@pytest.mark.parametrize(
    ("fields", "word", "cure"),
    [
        ({}, "halb fertig", "table"),
        ({"status": None}, "", "table"),
        ({"kind": "WORK_ORDER_DONE"}, "WORK_ORDER_DONE", "lines"),
        ({"kind": "UNKNOWN"}, "UNKNOWN", "release"),
    ],
)
def test_an_erps_word_is_written_as_the_setting_is_keyed(fields: dict[str, Any], word: str, cure: str) -> None:
    assert of_erp(msgspec.structs.replace(SAID, **fields)) == ("netsuite", word, cure)


def test_what_somebody_wrote_beside_the_word_is_not_kept() -> None:
    assert "Jane" not in str((of_erp(SAID), of_return(BACK)))
    assert of_return(BACK) == ("commerce", "UNKNOWN", "release")


def test_a_word_and_a_system_are_cut() -> None:
    found = of_erp(msgspec.structs.replace(SAID, status="x" * 1000, source_system="y" * 1000))

    assert (len(found.word), len(found.system)) == (WORD_LIMIT, SYSTEM_LIMIT)


def test_records_are_counted_and_the_first_one_says_since_when() -> None:
    word = UnknownWord("netsuite", "halb fertig", "table")
    heard = WordsHeard({}).with_word(word, T0).with_word(word, T0 + 5)

    assert heard.words == {word: Heard(T0, 2)}


def test_words_beyond_those_that_are_kept_are_counted_together() -> None:
    heard = WordsHeard({})
    for number in range(MOST_WORDS + 3):
        heard = heard.with_word(UnknownWord("netsuite", str(number), "table"), T0)

    assert (len(heard.words), heard.others) == (MOST_WORDS, 3)
    assert heard.with_word(UnknownWord("netsuite", "0", "table"), T0).others == 3
