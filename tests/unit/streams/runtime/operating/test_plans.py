from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from schemas.models.operations import OperatorControl
from streams.runtime import refusals
from streams.runtime.lookback import Place
from streams.runtime.operating.gap_list import Gap, gaps_of, merged
from streams.runtime.operating.log_reader import _runs
from streams.runtime.operating.places import Partition, Span, moment_of, place_of, place_text
from streams.runtime.operating.replay_plan import WouldSkipError, moves_of, rebuild_of
from streams.runtime.refusals import Local
from streams.settings import read_settings

HOUR = 3_600_000_000
ONE, TWO = Partition("t", 0), Partition("t", 1)


# ── places ───────────────────────────────────────────────────────────────────────────────────────


def test_a_place_is_read_as_it_is_written() -> None:
    place = Place("wms.stock-change.v1", 3, 120)

    assert place_text(place) == "wms.stock-change.v1-3-120"
    assert place_of(place_text(place)) == place


@pytest.mark.parametrize("text", ["", "topic", "topic-1", "topic-a-1", "topic-1-b", "-1-2", "t-1--2"])
def test_what_is_no_place_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not TOPIC-PARTITION-OFFSET, e\.g\."):
        place_of(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", 10 * HOUR - 90_000_000),
        ("2h", 8 * HOUR),
        ("1970-01-01T03:00Z", 3 * HOUR),
        ("1970-01-01T03:00", 3 * HOUR),
        ("1970-01-01T03:00+02:00", HOUR),
    ],
)
def test_a_moment_is_a_time_or_an_age(text: str, moment: int) -> None:
    assert moment_of(text, 10 * HOUR) == moment


def test_places_close_to_each_other_are_read_together() -> None:
    places = [Place("t", 0, 5), Place("t", 0, 9), Place("t", 0, 5000), Place("t", 1, 0)]

    assert list(_runs(places)) == [(ONE, Span(5, 10)), (ONE, Span(5000, 5001)), (TWO, Span(0, 1))]


# ── gaps ─────────────────────────────────────────────────────────────────────────────────────────


def _accepted(value: str) -> dict[str, OperatorControl]:
    order = OperatorControl(key="gap/t/0", state="accepted", value=value, actor="me", reason="r", at=0)
    return {order.key: order}


def test_records_between_the_committed_offset_and_the_log_start_are_a_gap() -> None:
    found = gaps_of({ONE: 5, TWO: 12}, {ONE: Span(9, 20), TWO: Span(9, 20)}, {})

    assert found == [Gap(ONE, 5, 8)]
    assert found[0].records == 4


def test_a_partition_that_was_never_read_has_no_gap() -> None:
    assert gaps_of({ONE: None}, {ONE: Span(9, 20)}, {}) == []


def test_an_accepted_gap_is_told_as_accepted_until_more_is_lost() -> None:
    log = {ONE: Span(9, 20)}

    assert gaps_of({ONE: 5}, log, _accepted("9")) == [Gap(ONE, 5, 8, accepted="me: r")]
    assert gaps_of({ONE: 5}, log, _accepted("8")) == [Gap(ONE, 5, 8)]


def test_what_a_worker_says_of_a_partition_counts() -> None:
    assert merged([Gap(ONE, 5, 8), Gap(TWO, 1, 2)], [Gap(ONE, 3, 8)]) == [Gap(ONE, 3, 8), Gap(TWO, 1, 2)]


# ── replay ───────────────────────────────────────────────────────────────────────────────────────


def test_a_replay_goes_back_within_the_log() -> None:
    (move,) = moves_of({ONE: Span(10, 50)}, {ONE: 40}, {ONE: 0})

    assert (move.to, move.again) == (10, 30)


def test_a_replay_of_what_was_never_read_begins_at_the_log_start() -> None:
    (move,) = moves_of({ONE: Span(10, 50)}, {ONE: None}, {ONE: 10})

    assert (move.to, move.again) == (10, 40)


@pytest.mark.parametrize(("committed", "wanted"), [(20, 30), (None, 11), (5, 0)])
def test_a_replay_never_skips_a_record(committed: int | None, wanted: int) -> None:
    with pytest.raises(WouldSkipError, match=r"t\[0\]: offset .* a replay never skips records"):
        moves_of({ONE: Span(10, 50)}, {ONE: committed}, {ONE: wanted})


def test_a_rebuild_names_the_changelog_the_inputs_and_the_stores_here(tmp_path: Path) -> None:
    for name in ("stock-ledger-0", "stock-ledger-11", "stock-write-0"):
        (tmp_path / "v1" / "tables" / f"{name}.rocksdb").mkdir(parents=True)
    environ = {
        "STREAMS_KAFKA__BOOTSTRAP_SERVERS": "k:1",
        "STREAMS_SCHEMA_REGISTRY__URL": "https://r",
        "STREAMS_DATA_DIR": str(tmp_path),
        "STREAMS_APP_ID": "shop-2",
    }

    found = rebuild_of("stock-ledger", read_settings(environ))

    assert found.changelog == "shop-2-stock-ledger-changelog"
    assert list(found.topics) == [
        "wms.stock-change.v1",
        "inventory.hold.v1",
        "inventory.rebase.v1",
        "inventory.reservation-request.v1",
        "wms.snapshot.v1",
    ]
    assert [folder.name for folder in found.folders] == ["stock-ledger-0.rocksdb", "stock-ledger-11.rocksdb"]


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


def error(
    code: int, text: str = "sasl_plaintext://host:1/bootstrap: what happened (after 3ms in state X)"
) -> KafkaError:
    return KafkaError(code, text)


def test_a_wrong_password_is_told_before_brokers_that_are_down() -> None:
    heard = [error(Local.AUTHENTICATION), error(Local.TRANSPORT), error(Local.ALL_BROKERS_DOWN)]

    said = refusals.reason(heard, error(Local.TRANSPORT))

    assert said.startswith("the brokers refuse this user or password; correct STREAMS_KAFKA__SASL_USERNAME")
    assert said.endswith("(what happened)")


def test_a_refused_connection_is_told_as_one() -> None:
    heard = [error(Local.TRANSPORT, "h:1/bootstrap: Connection refused (after 0ms)"), error(Local.ALL_BROKERS_DOWN)]

    assert refusals.reason(heard, error(Local.TIMED_OUT)) == "Connection refused"


def test_a_connection_that_is_closed_without_a_word_hints_at_the_protocol() -> None:
    assert "STREAMS_KAFKA__SECURITY_PROTOCOL" in refusals.reason([], error(Local.TRANSPORT))


def test_a_missing_right_names_the_thing_and_the_way_out() -> None:
    said = refusals.told("topic audit.v1", KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))

    assert said == "topic audit.v1: this user lacks the right for it; grant it to the user on the brokers"


def test_an_answer_that_did_not_come_in_time_is_no_refusal() -> None:
    said = refusals.told("the brokers did not do this", error(Local.TIMED_OUT))

    assert said.endswith("no answer came in time; nothing says whether it was done: look, or run it again")


def test_an_error_without_words_is_named_by_its_code() -> None:
    said = refusals.told("group", KafkaError(KafkaError.NOT_COORDINATOR, "ConsumerGroupDescribe: "))

    assert said == "group: ConsumerGroupDescribe: NOT_COORDINATOR"
