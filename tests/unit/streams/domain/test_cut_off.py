"""By when an order must be there: the cut-off of its channel, in its own zone, or that before its own date."""

from datetime import UTC, datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.command import Command
from streams.domain.cut_off import DAY_US, NO_CUT_OFFS, CutOffs, Urgency, urgency
from tests.contract.order_target import CATALOGUE, line, order

MICROS = 1_000_000
BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = frozenset(range(5))


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * MICROS


def _command(at: str, *, channel: str = "web", requested: str | None = None, kind: str = "CREATE_ORDER") -> Command:
    placed = msgspec.structs.replace(
        order(line("1", CATALOGUE[0]), number="1"),
        channel=channel,
        requested_at=None if requested is None else _at(requested),
    )
    made = Command(
        command_id="c", role="erp", kind="CREATE_ORDER", entity="web-1", epoch=1, counter=1, at=_at(at), order=placed
    )
    return msgspec.structs.replace(made, kind=kind)


def _until(command: Command, cut_offs: CutOffs, channel: str = "*") -> str:
    return urgency(command, MappingProxyType({channel: cut_offs})).label


@pytest.mark.parametrize(
    ("decided", "cut_off"),
    [
        ("2026-03-02T12:59:59+00:00", "2026-03-02T14:00+01:00"),
        ("2026-03-02T13:00:00+00:00", "2026-03-03T14:00+01:00"),
        ("2026-03-27T13:00:00+00:00", "2026-03-30T14:00+02:00"),  # over a week-end and into summer time
        ("2026-10-23T12:00:00+00:00", "2026-10-26T14:00+01:00"),
    ],
)
def test_the_next_cut_off_counts_in_the_time_of_its_zone(decided: str, cut_off: str) -> None:
    assert _until(_command(decided), CutOffs((time(14),), BERLIN, WORKDAYS)) == cut_off


def test_of_several_a_day_the_next_one_counts() -> None:
    assert _until(_command("2026-03-02T09:00Z"), CutOffs((time(16), time(8)), UTC)) == "2026-03-02T16:00+00:00"


def test_a_channel_has_its_own_and_others_have_that_for_any() -> None:
    table = MappingProxyType({"edi": CutOffs((time(10),), UTC), "*": CutOffs((time(14),), UTC)})

    assert urgency(_command("2026-03-02T01:00Z", channel="edi"), table).label.startswith("2026-03-02T10:00")
    assert urgency(_command("2026-03-02T01:00Z", channel="web"), table).label.startswith("2026-03-02T14:00")


@pytest.mark.parametrize(
    ("requested", "cut_off"),
    [
        ("2026-03-10T00:00Z", "2026-03-08T14:00+00:00"),
        ("2026-03-03T00:00Z", "2026-03-02T14:00+00:00"),
        (None, "2026-03-02T14:00+00:00"),
    ],
)
def test_an_order_with_a_later_date_need_not_be_there_at_the_next_one(requested: str | None, cut_off: str) -> None:
    command = _command("2026-03-02T09:00Z", requested=requested)

    assert _until(command, CutOffs((time(14),), UTC, lead_days=1)) == cut_off
    assert _until(command, CutOffs((time(14),), UTC)) == "2026-03-02T14:00+00:00"


def test_without_a_setting_and_for_other_commands_there_is_none() -> None:
    table = MappingProxyType({"*": CutOffs((time(14),), UTC)})

    assert urgency(_command("2026-03-02T09:00Z"), NO_CUT_OFFS).cut_off is None
    assert urgency(_command("2026-03-02T09:00Z", kind="CANCEL_ORDER"), table).cut_off is None
    assert urgency(_command("2026-03-02T09:00Z", channel="web"), MappingProxyType({"edi": table["*"]})).cut_off is None


@given(
    st.integers(0, 4_000_000_000),
    st.sets(st.integers(0, 1439), min_size=1, max_size=4),
    st.sets(st.integers(0, 6), min_size=1),
)
def test_a_cut_off_is_later_than_the_command_and_on_a_day_of_production(
    at: int, minutes: set[int], days: set[int]
) -> None:
    cut_offs = CutOffs(tuple(time(one // 60, one % 60) for one in minutes), BERLIN, frozenset(days))

    found = cut_offs.first_after(at * MICROS)

    assert at * MICROS < found <= at * MICROS + 8 * DAY_US
    assert datetime.fromtimestamp(found / MICROS, BERLIN).weekday() in days
    assert cut_offs.last_until(found) == found


def test_a_cut_off_at_midnight_is_found_in_the_week_in_which_clocks_change() -> None:
    mondays = CutOffs((time(0),), BERLIN, frozenset({0}))
    at = round(datetime(2026, 4, 6, tzinfo=BERLIN).timestamp()) * MICROS  # clocks went forward on 29 March

    assert mondays.last_until(at) == at
    assert mondays.last_until(at - 1) == at - 7 * DAY_US


def test_what_missed_its_cut_off_gives_way_for_a_day_and_not_longer() -> None:
    missed = Urgency(0, 100)

    assert (missed.deadline(99), missed.deadline(100)) == (100, 100 + DAY_US)
    assert Urgency(7).deadline(10**15) == 7 + DAY_US
