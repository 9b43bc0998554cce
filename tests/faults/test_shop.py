"""The shop fails: answers get lost, come late, are refused, or the shop is away."""

from pathlib import Path

import pytest

from tests.faults import checks
from tests.faults.conftest import MakeSystem
from tests.faults.system import SETTLE_S, System
from tests.processes import until

pytestmark = pytest.mark.faults

WRITES = {"path": "inventory/source-items$", "methods": ["POST"]}


def _traded(system: System, fault: dict[str, object], *, seconds: float = 5, per_s: float = 150) -> int:
    """Opens the stock, sets the fault, trades; how often the fault hit."""
    system.worker("a"), system.worker("b")
    system.open_stock()
    system.wait_equal()
    rule = system.shop.fault(**{**WRITES, **fault})
    system.trade(seconds, per_s)
    until(lambda: system.shop.hits(rule) > 0, within=20, what=f"the fault {fault['kind']} hits a live call")
    return rule


def test_a_write_that_lands_seconds_later_does_not_leave_an_old_value_behind(make_system: MakeSystem) -> None:
    system = make_system()

    rule = _traded(system, {"kind": "late-effect", "times": 2, "delay_s": SETTLE_S - 1.5}, seconds=8)

    late = [entry for entry in system.shop.journal() if entry["kind"] == "late-effect"]
    until(lambda: len(_late(system)) >= 2, within=15, what="the late effects happened")
    system.wait_equal()
    checks.check_all(system)
    assert system.shop.hits(rule) == 2
    assert late or _late(system)
    _check_nothing_was_sent_while_frozen(system)


def _late(system: System) -> list[dict[str, object]]:
    return [entry for entry in system.shop.journal() if entry["kind"] == "late-effect"]


def _check_nothing_was_sent_while_frozen(system: System) -> None:
    """Between a call without an answer and its settle time no other call touches the same rows."""
    requests = [entry for entry in system.shop.journal() if entry["kind"] == "request" and entry["method"] == "POST"]
    journal = [entry for entry in requests if (entry["detail"] or {}).get("rows")]
    for lost in [entry for entry in journal if entry["fault"] == "late-effect"]:
        pairs = {(row["source_code"], row["sku"]) for row in lost["detail"]["rows"]}
        for other in journal:
            if lost["at"] < other["at"] < lost["at"] + SETTLE_S - 0.5:
                assert not pairs & {(row["source_code"], row["sku"]) for row in other["detail"]["rows"]}


def test_a_shop_that_is_away_delays_writes_and_dead_letters_nothing(make_system: MakeSystem) -> None:
    system = make_system()

    rule = _traded(system, {"kind": "status", "status": 503, "path": ".*", "methods": ["GET", "POST"]}, per_s=300)
    refused = system.shop.hits(rule)
    system.shop.heal()

    system.wait_equal()
    totals = checks.check_all(system)
    assert refused < 30, "the breaker did not hold the calls back"
    assert not system.read("dead-letter.v1")
    assert totals["stock-write:wms.stock-change.v1/superseded"] > 0


def test_a_rejected_credential_stops_only_the_sink_until_it_is_accepted_again(make_system: MakeSystem) -> None:
    system = make_system()

    rule = _traded(system, {"kind": "refuse-credential", "path": ".*", "methods": ["GET", "POST"]})
    until(lambda: system.lag() == 0, within=20, what="intake goes on while the shop refuses")
    assert any("NEEDS_OPERATOR" in worker.log for worker in system.workers)
    assert system.shop.hits(rule) < 20
    system.shop.heal()

    system.wait_equal()
    checks.check_all(system)
    assert not system.read("dead-letter.v1")


def test_half_an_answer_and_deadlocks_end_in_the_right_quantities(make_system: MakeSystem) -> None:
    system = make_system(shop_settings={"deadlock_chance": 0.5, "call_base_ms": 20})

    _traded(system, {"kind": "half-body", "times": 2})
    system.shop.fault(**WRITES, kind="status", status=400, body={"message": "Could not save Source Item"}, times=4)
    system.trade(4, 150)

    system.wait_equal()
    checks.check_all(system)


def test_a_row_that_the_shop_refuses_is_dead_and_the_rest_is_applied(make_system: MakeSystem) -> None:
    system = make_system(shop_settings={"unknown_sku": "refused"})
    system.worker("a")
    system.shop.seed(products=[f"SKU-{n:05d}" for n in range(1, system.items)])
    system.open_stock()
    last = f"SKU-{system.items:05d}"

    until(lambda: system.lag() == 0 and set(system.differences()) == _of(system, last), within=60, what="all but one")
    reasons = checks.check_dead_letters(system)
    assert reasons["rejected-by-target"] == len(_of(system, last))


def _of(system: System, sku: str) -> set[tuple[str, str]]:
    return {pair for pair in system.wms.truth().shown if pair[1] == sku}


def test_memory_stays_flat_while_the_shop_is_away(make_system: MakeSystem) -> None:
    system = make_system()
    worker = system.worker("a")
    system.open_stock()
    system.wait_equal()
    system.shop.fault(kind="status", status=503, path=".*", methods=["GET", "POST"])
    system.trade(3, 500)
    before = _resident(worker.pid)

    system.trade(8, 1000)
    until(lambda: system.lag() == 0, within=30, what="intake goes on")

    assert _resident(worker.pid) < before * 1.3 + 20e6
    system.shop.heal()
    system.wait_equal()
    checks.check_all(system)


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
