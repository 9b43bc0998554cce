"""A word that no table knows needs a person: which system, which word, and what makes it known."""

import json
import shlex

import msgspec
import pytest

from streams.settings.orders import OrderSettings
from streams.web import facts as f
from streams.web.need import Need
from streams.web.verdict import verdict
from tests.unit.streams.web import scenes
from tests.unit.streams.web.situations import of, situation
from tests.unit.streams.web.worlds import NOW, SECOND, worker

ERP, WMS = "erp.order-event.v1", "wms.fulfilment-event.v1"
SAID = f.WordFact(ERP, "netsuite", "halb fertig", "table", 3, NOW - 600 * SECOND)


def _needs(*words: f.WordFact, others: int = 0) -> list[Need]:
    world = scenes.calm_but(unknown_words=words, other_words=others)
    return [one for one in verdict(situation(world)).needs if one.label == "Unknown word"]


def test_system_word_and_number_of_records_are_named_and_since_when() -> None:
    [need] = _needs(SAID)

    assert need.what == "netsuite says “halb fertig” (3 records): no table says what that means."
    assert (need.state, need.for_since is not None) == ("attention", True)


@pytest.mark.parametrize("word", ["halb fertig", "customer's own", 'half "done"', "a\\b", "$(reboot)"])
def test_the_example_can_be_typed_and_is_a_setting_that_knows_the_word(word: str) -> None:
    [need] = _needs(msgspec.structs.replace(SAID, word=word))
    [typed] = shlex.split(need.steps[1].strip("`"))
    name, _, value = typed.partition("=")

    assert name == "STREAMS_ORDERS__WORDS__ERP"
    settings = OrderSettings.model_validate({"words": {"erp": json.loads(value)}})
    assert settings.words.erp == {word: "CONFIRMED"}


def test_two_workers_that_hear_one_word_are_one_need_with_the_sum_and_the_earlier_time() -> None:
    later = msgspec.structs.replace(SAID, records=4, first_at=NOW)
    found = verdict(of(worker(1, unknown_words=(later,)), worker(2, unknown_words=(SAID,)))).needs

    [need] = [one for one in found if one.label == "Unknown word"]
    assert "(7 records)" in need.what
    assert need.for_since is not None
    assert need.for_since.timestamp() * SECOND == SAID.first_at


@pytest.mark.parametrize(("cure", "said"), [("lines", "name the lines"), ("release", "Update the workers")])
def test_what_no_setting_cures_says_what_does(cure: str, said: str) -> None:
    [need] = _needs(f.WordFact(WMS, "wms:main", "SHORTED", cure, 1, NOW))

    assert said in need.steps[0]
    assert not any("WORDS" in step for step in need.steps)


def test_systems_have_a_need_each_and_many_words_are_counted_not_listed() -> None:
    many = [msgspec.structs.replace(SAID, word=f"word {n}") for n in range(8)]
    ours, theirs = _needs(*many, msgspec.structs.replace(SAID, system="sap"))

    assert ours.what.count("(3 records)") == 5
    assert "and 3 more" in ours.what
    assert theirs.what.startswith("sap says")


def test_records_beyond_the_words_that_are_kept_are_told() -> None:
    [need] = _needs(others=7)

    assert need.what == "7 records said further words that nobody knows."


def test_a_hostile_word_is_shown_as_it_is_written() -> None:
    [need] = _needs(msgspec.structs.replace(SAID, word="a\u202eb"))

    assert "“a<U+202E>b”" in need.what


def test_without_unknown_words_nobody_is_needed() -> None:
    assert _needs() == []
