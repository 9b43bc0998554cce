from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.grid import page, results
from tests.faults.grid.claims import CLAIMS, INVARIANTS, ORDER_CLAIMS
from tests.faults.grid.kinds import Cell, Claim, Hit, Played, State
from tests.faults.grid.nemeses import NEMESES
from tests.faults.grid.results import Kept

AT = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
CLAIMED = [name for name in INVARIANTS if CLAIMS["N1"][name] is not Claim.NOT_HERE]


def played(state: State = State.HELD, seen: str = "40 pairs equal", *, hits: int = 3) -> Played:
    cells = {name: Cell(state, seen) if name in CLAIMED else Cell(State.NOT_CLAIMED) for name in INVARIANTS}
    return Played("N1", 11, (Hit("calls left", hits),), cells, records=1500, heal_s=4.25, run_s=61)


def text(one: Played) -> str:
    return page.page(NEMESES, {"N1": Kept(AT, "abc123", one)})


def row(name: str, one: Played) -> str:
    return next(line for line in text(one).splitlines() if line.startswith(f"| {name} "))


def test_a_row_has_hits_time_to_heal_and_a_word_for_each_claim() -> None:
    assert row("N1", played()).startswith("| N1 kill -9 | 3 | 4.2 s | ok |")
    assert row("N1", played()).count(" ok |") == len(CLAIMED)
    assert row("N1", played(State.BROKEN)).count(" BROKE |") == len(CLAIMED)


def test_a_fault_that_was_not_run_says_so_in_every_claim() -> None:
    assert row("N2", played()).count(" not run |") == sum(one is not Claim.NOT_HERE for one in CLAIMS["N2"].values())
    assert "N2 SIGTERM: workers are told to end while they work; not run." in text(played())


def test_the_page_says_when_of_which_commit_and_with_which_seed() -> None:
    assert "Run on 2026-03-01 10:30 UTC of commit abc123 with seed 11: 1500 records, 61 s." in text(played())
    assert f"1 of {len(CLAIMS)} faults were run" in text(played())


def test_a_run_that_hit_nothing_did_not_hold() -> None:
    assert "<summary>N1 kill -9: held</summary>" in text(played())
    assert "<summary>N1 kill -9: DID NOT HOLD</summary>" in text(played(hits=0))


def test_a_run_that_came_to_nothing_is_told_with_its_reason() -> None:
    said = text(Played("N1", 11, (), {}, trouble="AssertionError: no\nbroker"))

    assert "- came to nothing: AssertionError: no broker" in said
    assert "<summary>N1 kill -9: DID NOT HOLD</summary>" in said


def test_what_a_cell_saw_stays_one_inert_line() -> None:
    said = text(played(seen="`make x` [a](b) | <script>\n# head " + "y" * 5000))

    assert "&#96;make x&#96; &#91;a&#93;(b) &#124; &lt;script&gt; # head" in said
    assert "y" * 301 not in said


def test_what_was_kept_is_read_back(tmp_path: Path) -> None:
    kept = results.keep(tmp_path, played())

    assert results.load([tmp_path]) == {"N1": kept}


def test_of_two_runs_the_later_counts_whatever_it_showed(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    good, bad = results.keep(first, played()), results.keep(second, played(State.BROKEN))

    assert bad.at - good.at > timedelta(0)
    assert results.load([second, first]) == {"N1": bad}


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no results"):
        results.load([tmp_path])


def test_each_flow_has_a_grid_of_its_own() -> None:
    of_orders = Played(
        "N1", 11, (Hit("calls left", 2),), {"I2": Cell(State.BROKEN, "erp: 1 order twice")}, flow="orders"
    )

    said = page.page(NEMESES, {"orders-N1": Kept(AT, "abc123", of_orders)})

    stock, orders = said.split("## The orders flow")
    assert f"0 of {len(CLAIMS)} faults were run" in stock
    assert f"1 of {len(ORDER_CLAIMS)} faults were run" in orders
    assert "- I2 BROKEN: erp: 1 order twice" in orders
    assert "- I5:" not in orders


def test_runs_of_two_flows_are_kept_beside_one_another(tmp_path: Path) -> None:
    for flow in ("stock", "orders"):
        results.keep(tmp_path, Played("N1", 7, (), {}, flow=flow))

    assert {name: one.played.flow for name, one in results.load([tmp_path]).items()} == {
        "N1": "stock",
        "orders-N1": "orders",
    }
