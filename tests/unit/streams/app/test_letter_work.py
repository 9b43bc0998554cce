"""Acts on letters in a thread of their own: a broker or registry that is away is said, and repeating is safe."""

from typing import Any

import pytest

from streams.app.letter_work import LetterWork, _after, _lost
from streams.domain.stock_rules import StockRules
from streams.runtime.lookback import Place
from streams.runtime.operating.letter_retry import Retried
from streams.settings import read_settings
from streams.web.acts import ActFailedError, LetterAct, Mandate
from tests.unit.streams.runtime.operating.records import STOCK, letter

pytestmark = pytest.mark.anyio

AWAY = {
    "STREAMS_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "STREAMS_SCHEMA_REGISTRY__URL": "http://127.0.0.1:1",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL": "http://127.0.0.1:1",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__KIND": "token",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__USERNAME": "u",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__PASSWORD": "simulated-password-1",
}


def _work() -> LetterWork:
    return LetterWork(read_settings(AWAY), StockRules())


@pytest.mark.parametrize("kind", ["retry", "edit", "discard"])
async def test_brokers_that_are_away_are_said_and_nothing_is_half_done(
    monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    monkeypatch.setattr("streams.runtime.operating.log_reader.SILENT_ROUNDS", 1)
    act = LetterAct(kind, [Place("dead-letter.v1", 0, 1)], {"uom": "EA"})

    with pytest.raises(ActFailedError, match="Repeating it is safe"):
        await _work().work(act, Mandate("act-1", "ben (operate)", "because"), lambda *_: None)


async def test_a_registry_that_is_away_leaves_nothing_to_correct() -> None:
    assert await _work().correctable(STOCK, b"\x00\x00\x00\x00\x07abc") == {}
    assert await _work().correctable("commerce.shipment.v1", b"") == {}


def test_how_a_retry_ended_is_one_sentence_and_a_race_that_was_lost_is_a_refusal() -> None:
    one, other = letter(0), letter(1)
    failed = _after(Retried(3, 1, 0, (one,), (), 5, "they fail again", superseded=1), " 1 cannot be sent: x.", 1)
    lost = _after(Retried(0, 0, 0, (), (), 0, "", theirs=(f"{other.letter_id}: amy has begun with it",)), "", 0)

    assert failed.text == (
        "3 sent, 1 read without another letter, 1 superseded: newer state is there, 1 failed again, "
        "5 not sent, because they fail again. 1 cannot be sent: x."
    )
    assert (failed.done, failed.failed, failed.is_refused) == (2, 2, False)
    assert (lost.done, lost.is_refused) == (0, True)
    assert "amy has begun with it" in lost.text
    assert not _lost(3, [], "3 discarded.").is_refused
