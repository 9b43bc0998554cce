"""What fires: from the workers' own facts, from Prometheus where one is set, and never quiet where nobody knows."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from streams.web import facts as f
from streams.web.alarm import Alarm
from streams.web.alert_rules import RULES
from streams.web.alert_watch import AlertWatch
from streams.web.alerts_view import alerts
from streams.web.envelope import SilentWorker
from streams.web.letter_index import IndexState
from streams.web.order_facts import OrderSums
from streams.web.situation import Situation
from tests.fakes.servers import web_server
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import READ, WITH_TOKENS, bearer, get
from tests.unit.streams.web.situations import SILENT, situation
from tests.unit.streams.web.worlds import (
    ACCOUNTED,
    DESIRED,
    NOW,
    SECOND,
    STOCK,
    World,
    intake,
    lane,
    letter,
    served,
    target,
)

pytestmark = pytest.mark.anyio

RECORDED = Path(__file__).parents[3] / "recordings" / "prometheus" / "rules.json"
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
Facts = dict[str, Any]  # Any: fields of WorkerFacts


def _at(world: World, now: int = NOW, *, silent: tuple[SilentWorker, ...] = ()) -> Situation:
    found = situation(world, silent=silent)
    return found._replace(fleet=found.fleet._replace(as_of=now))


def _judged(*looks: tuple[int, Facts], world: World | None = None) -> tuple[Alarm, ...]:
    """What holds at the last of the looks; each is seconds after the first, and what the worker tells then."""
    watch, found = AlertWatch(), ()
    for seconds, changes in looks:
        base = world or scenes.calm()
        base.own = msgspec.structs.replace(base.own, **changes)
        found = watch.judge(_at(base, NOW + seconds * SECOND))  # type: ignore[assignment]
    return found


def _sums(**changes: Any) -> Facts:  # Any: fields of OrderSums
    patience = {"measures": {"order_patience_seconds": {"": 14_400.0}}}
    return {"order_sums": OrderSums(as_of=NOW, is_whole=True, **changes), **patience}


def _measured(name: str, **values: float) -> Facts:
    return {"measures": {name: {key.replace("__", "|").replace("_", "-"): value for key, value in values.items()}}}


def _gauge(name: str, labels: str, value: float) -> Facts:
    return {"measures": {name: {labels: value}}}


def _stock(**changes: object) -> Facts:
    return {"intakes": (intake(STOCK, (0,), **changes), *scenes.calm().own.intakes[1:])}


S = NOW // SECOND
AT_ONCE: dict[str, Facts] = {
    "WorkerNotPolling": {"since_poll_s": 181.0},
    "RecordUnfinished": _stock(oldest_unfinished_s=121.0),
    "StockNotApplied": {"lane": lane(pending=3, oldest_pending_since=NOW - 361 * SECOND)},
    "IntakePaused": _stock(paused=True),
    "TargetNeedsOperator": {"targets": (target(state="needs-operator", since=NOW),)},
    "TargetAway": {"targets": (target(state="trying", since=NOW - 5 * MINUTE),)},
    "OrdersHeld": _sums(oldest_by_reason={"price": NOW - HOUR - 5 * MINUTE}),
    "OrderDuplicateSuspected": _sums(reasons={"duplicate-suspected": 2}),
    "OrdersWaitForTarget": _sums(oldest_waiting_at={"erp": NOW - 16 * MINUTE}),
    "OrderEventParkedLong": _sums(oldest_parked_until={"SHIPPED": NOW + 115 * MINUTE}),
    "CompletenessOverdue": {
        "measures": {
            "completeness_page_timestamp_seconds": {"orders": S - 93_901.0},
            "completeness_interval_seconds": {"orders": 86_400.0},
        }
    },
    "ReconcileMissed": {
        "measures": {
            "reconcile_last_success_timestamp_seconds": {"window": S - 901.0},
            "reconcile_interval_seconds": {"window": 300.0},
        }
    },
}
"""Alert → facts with which it fires at the first look: they say themselves since when."""
BEFORE_THAT: dict[str, Facts] = {
    "WorkerNotPolling": {"since_poll_s": 60.0},
    "RecordUnfinished": _stock(oldest_unfinished_s=120.0),
    "StockNotApplied": {"lane": lane(pending=3, oldest_pending_since=NOW - 300 * SECOND)},
    "IntakePaused": _stock(),
    "TargetNeedsOperator": {"targets": (target(state="open", since=NOW),)},
    "TargetAway": {"targets": (target(state="closed", since=NOW - HOUR),)},
    "OrdersHeld": _sums(oldest_by_reason={"price": NOW - HOUR}),
    "OrderDuplicateSuspected": _sums(reasons={"price": 2}),
    "OrdersWaitForTarget": _sums(oldest_waiting_at={"erp": NOW - 15 * MINUTE}),
    "OrderEventParkedLong": _sums(oldest_parked_until={"SHIPPED": NOW + 120 * MINUTE}),
    "CompletenessOverdue": {
        "measures": {
            "completeness_page_timestamp_seconds": {"orders": S - 93_600.0},
            "completeness_interval_seconds": {"orders": 86_400.0},
        }
    },
    "ReconcileMissed": {
        "measures": {
            "reconcile_last_success_timestamp_seconds": {"window": S - 600.0},
            "reconcile_interval_seconds": {"window": 300.0},
        }
    },
}
_LATE_ERP = f.OrderSinkFact(
    "erp",
    "erp",
    "run",
    40,
    target(name="netsuite"),
    f.SinkQueueFact(40, (f.DueFact(NOW + HOUR, "2026-01-01T14:00+00:00", 40),), NOW, per_s=0.01),
)
"""36 of them are there in an hour."""
LASTING: dict[str, Facts] = {
    "LedgerMismatch": {"accounted": {**ACCOUNTED, STOCK: {**ACCOUNTED[STOCK], "handed": 1_607_107}}},
    "UnknownSkus": {"lane": lane(unknown_skus=("GHOST-1",))},
    "UnknownWords": {"unknown_words": (f.WordFact("erp.order-event.v1", "erp", "DUNNO", "table", 3, NOW),)},
    "OrdersFailing": _sums(failing={"erp": 3}, waiting={"erp": 3}),
    "CutOffWillBeMissed": {"order_sinks": (_LATE_ERP,)},
    "ReconcileDrift": _gauge("reconcile_drift_items", "full|stale", 4.0),
    "ReservationsInconsistent": _gauge("reservation_inconsistencies", "not-compensated", 2.0),
    "CompletenessOpen": _gauge("completeness_findings", "orders", 2.0),
    "StoreDiskLow": _gauge("data_dir_free_bytes", "", 100 * 1024.0**2),
    "CertificateExpiry": _gauge("certificate_expiry_timestamp_seconds", "STREAMS_KAFKA__SSL_CAFILE", 0.0),
}
"""Alert → facts that must stand for a while: since when they hold is remembered."""
GROWING: dict[str, tuple[Facts, Facts]] = {
    "DeadLetterRate": (_stock(consumed=40_000), _stock(consumed=41_000, dead={"bad-sku": 2})),
    "DeadLetterOrder": (
        {},
        {"intakes": (*scenes.calm().own.intakes, intake("commerce.order.v1", (0,), dead={"undecodable": 1}))},
    ),
    "SchemaUnknown": ({}, _gauge("schema_unknown_total", STOCK, 1.0)),
    "OrderCommandDead": (
        _gauge("order_commands_total", "erp|dead", 2.0),
        _gauge("order_commands_total", "erp|dead", 3.0),
    ),
    "WarehouseDiffers": ({"statements": {"agrees": 3}}, {"statements": {"agrees": 3, "differs": 1}}),
    "RebalanceStorm": (_gauge("rebalances_total", "", 3.0), _gauge("rebalances_total", "", 24.0)),
    "StoreRebuilt": ({}, _gauge("store_rebuilds_total", "stock-ledger", 1.0)),
}
"""Alert → what is counted before and after something happened."""


def _fires(found: tuple[Alarm, ...]) -> set[str]:
    return {one.name for one in found if one.fires}


def test_every_alert_is_judged_by_a_case_here_or_says_why_it_cannot_be() -> None:
    cases = {*AT_ONCE, *LASTING, *GROWING, "ConsumerStalled", "OrdersNotTaken", "DeadLetterAging", "NoWorker"}
    cases |= {"TargetErrorRatio", "TargetThrottled", "TokenRefreshFailing"}

    assert cases == {rule.name for rule in RULES if rule.judge is not None}
    assert all(bool(rule.blind) == (rule.judge is None) for rule in RULES)


@pytest.mark.parametrize("name", AT_ONCE)
def test_an_alert_fires_for_what_its_facts_say_and_not_one_step_before(name: str) -> None:
    assert name in _fires(_judged((0, AT_ONCE[name])))
    assert name not in {one.name for one in _judged((0, BEFORE_THAT[name]))}


@pytest.mark.parametrize("name", LASTING)
def test_an_alert_waits_as_long_as_its_rule_says_and_is_over_with_its_cause(name: str) -> None:
    longest = max(rule.for_s for rule in RULES if rule.name == name)
    calm = {key: getattr(scenes.calm().own, key) for key in LASTING[name]}
    shortest = min(rule.for_s for rule in RULES if rule.name == name)

    early = _judged((0, LASTING[name]), (shortest - 1, LASTING[name]))
    late = _judged((0, LASTING[name]), (longest, LASTING[name]))
    interrupted = _judged((0, LASTING[name]), (longest // 2, calm), (longest, LASTING[name]))

    assert {one.name for one in early} == {name}
    assert _fires(early) == _fires(interrupted) == set()
    assert _fires(late) == {name}


@pytest.mark.parametrize("name", GROWING)
def test_an_alert_of_something_counted_fires_while_it_is_young(name: str) -> None:
    before, after = GROWING[name]
    standing = {**{key: getattr(scenes.calm().own, key) for key in after}, **before}

    assert name not in _fires(_judged((0, standing), (60, standing)))
    assert name in _fires(_judged((0, standing), (60, after)))
    assert name not in _fires(_judged((0, standing), (60, after), (3700, after)))


def test_what_a_worker_counted_before_we_first_saw_it_is_no_news() -> None:
    after = GROWING["OrderCommandDead"][1]

    assert _judged((0, after)) == ()
    assert _judged((0, {}), (60, {**after, "started_at": NOW + SECOND})) == ()


def test_calls_are_judged_by_their_share_and_by_the_operation() -> None:
    def calls(**codes: float) -> Facts:
        joined = {
            f"adobe_commerce|{name.replace('_', '|').replace('sign|in', 'sign-in')}": n for name, n in codes.items()
        }
        return {"measures": {"target_requests_total": joined}}

    none = calls(write_200=100.0)
    failing = [calls(write_200=100.0 + n, write_503=float(n)) for n in (5, 10)]
    refused = [calls(write_200=100.0 + n, write_429=float(n)) for n in (5, 10)]
    few = calls(write_200=190.0, write_503=10.0)
    locked = [calls(write_200=100.0, sign_in_401=float(n)) for n in (1, 2)]

    assert _fires(_judged((0, none), (60, failing[0]), (660, failing[1]))) == {"TargetErrorRatio"}
    assert _fires(_judged((0, none), (60, refused[0]), (660, refused[1]))) == {"TargetThrottled"}
    assert _judged((0, none), (60, few)) == ()
    assert "TokenRefreshFailing" in _fires(_judged((0, none), (60, locked[0]), (360, locked[1])))
    both = calls(write_200=100.0, sign_in_401=1.0, sign_in_200=1.0)
    assert "TokenRefreshFailing" not in {one.name for one in _judged((0, none), (60, both))}


def test_a_partition_with_records_and_no_commit_for_five_minutes_stands_still() -> None:
    def told(committed: float, lag: float = 7.0) -> Facts:
        key = f"{STOCK}|3"
        return {"measures": {"committed_offset": {key: committed}, "consumer_lag_records": {key: lag}}}

    assert _fires(_judged((0, told(5)), (200, told(5)), (301, told(5)), (362, told(5)))) == {"ConsumerStalled"}
    assert _fires(_judged((0, told(5)), (301, told(5)))) == set()
    assert _judged((0, told(5)), (200, told(5))) == ()
    assert _judged((0, told(5)), (200, told(6)), (400, told(6))) == ()
    assert _judged((0, told(5)), (301, told(5, lag=0.0))) == ()


def test_what_was_in_the_log_a_quarter_of_an_hour_ago_and_is_not_committed_is_not_taken() -> None:
    def told(committed: float, lag: float, topic: str = "commerce.order.v1") -> Facts:
        key = f"{topic}|3"
        return {"measures": {"committed_offset": {key: committed}, "consumer_lag_records": {key: lag}}}

    behind = ((0, told(5, 9)), (300, told(8, 20)), (901, told(13, 40)), (962, told(13, 40)))
    kept_up = ((0, told(5, 9)), (901, told(14, 40)), (962, told(14, 40)))
    of_stock = tuple((at, told(5 + at / 1000, 9, STOCK)) for at in (0, 300, 901, 962))

    assert _fires(_judged(*behind)) == {"OrdersNotTaken"}
    assert (
        next(one.what for one in _judged(*behind)) == "1 record of commerce.order.v1[3] waited 15 min and was not taken"
    )
    assert _judged(*behind[:2]) == _judged(*kept_up) == _judged(*of_stock) == ()


def test_three_orders_in_twenty_that_fail_are_told_with_their_share_and_fewer_are_not() -> None:
    def told(applied: float, dead: float, failing: int, role: str = "erp") -> Facts:
        joined = {f"{role}|applied": applied, f"{role}|dead": dead}
        return {**_sums(failing={role: failing}), "measures": {"order_commands_total": joined}}

    begun = told(100, 0, 0)
    third, second, many = told(156, 1, 2), told(156, 1, 1), told(158, 1, 2)

    found = [one for one in _judged((0, begun), (60, third), (180, third)) if one.name == "OrdersFailing"]
    assert [(one.what, one.fires) for one in found] == [("5% of the orders for erp fail: 3", True)]
    assert "OrdersFailing" not in {one.name for one in _judged((0, begun), (60, second))}
    assert "OrdersFailing" not in {one.name for one in _judged((0, begun), (60, many))}
    assert "OrdersFailing" not in {one.name for one in _judged((0, told(1, 0, 0, "crm")), (60, told(1, 9, 9, "crm")))}


def test_a_refused_order_is_told_until_somebody_decided_and_once_only() -> None:
    waits = _sums(reasons={"rejected-by-target": 2, "credit": 5})
    dead = {**waits, "measures": {"order_commands_total": {"erp|dead": 1.0}}}

    assert [(one.name, one.instance) for one in _judged((0, waits))] == [("OrderCommandDead", "rejected-by-target")]
    assert [one.instance for one in _judged((0, {}), (60, dead))] == ["erp"]
    assert _judged((0, _sums(reasons={"credit": 5}))) == ()


def test_a_step_is_parked_long_once_half_of_its_time_is_over_however_long_that_is() -> None:
    hour = {"measures": {"order_patience_seconds": {"": 3600.0}}}
    early = {**_sums(oldest_parked_until={"SHIPPED": NOW + 31 * MINUTE}), **hour}
    late = {**_sums(oldest_parked_until={"SHIPPED": NOW + 24 * MINUTE}), **hour}

    assert _judged((0, early)) == ()
    assert _fires(_judged((0, late))) == {"OrderEventParkedLong"}


def test_a_letter_that_waits_for_a_day_is_told_with_its_age() -> None:
    world = scenes.calm()
    world.letters = [letter(1, at=NOW - 25 * HOUR), letter(2)]

    (found,) = _judged((0, {}), world=world)

    assert (found.name, found.fires, found.instance) == ("DeadLetterAging", True, STOCK)
    assert found.what == f"a dead letter of {STOCK} has waited 25 h for a person"


def test_of_a_ticket_and_a_page_for_the_same_only_the_page_is_told() -> None:
    low = LASTING["StoreDiskLow"]

    assert [one.severity for one in _judged((0, low), (300, low))] == ["page"]
    assert [one.severity for one in _judged((0, low), (30, low))] == ["page", "ticket"]


def test_records_in_flight_that_nothing_is_left_to_do_for_are_missing() -> None:
    lost = {"accounted": {**ACCOUNTED, STOCK: {**ACCOUNTED[STOCK], "applied": 402_117}}}
    waiting = {**lost, "lane": lane(pending=1, oldest_pending_since=NOW + 890 * SECOND)}
    unread = {**lost, "intakes": (*scenes.calm().own.intakes[:3], intake(DESIRED, (0,), lag_records=1))}

    assert _fires(_judged((0, lost), (900, lost))) == {"LedgerMismatch"}
    assert "LedgerMismatch" not in _fires(_judged((0, waiting), (900, waiting)))
    assert "LedgerMismatch" not in _fires(_judged((0, unread), (900, unread)))


@pytest.mark.parametrize("name", [name for name in scenes.SCENES if name in {"calm", "zero", "partial", "shadow"}])
def test_nothing_fires_where_nothing_is_wrong(name: str) -> None:
    assert _judged((0, {}), world=scenes.SCENES[name]()) == ()


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


def _view(world: World, *, silent: tuple[SilentWorker, ...] = (), runbooks: str = "") -> Any:  # Any: as JSON
    at = _at(world, silent=silent)
    return msgspec.to_builtins(alerts(at._replace(alarms=AlertWatch().judge(at)), runbooks, ""))


def test_without_prometheus_calm_is_grey_and_says_how_much_is_seen() -> None:
    found = _view(scenes.calm())

    assert found["state"] == "unknown"
    assert found["data"]["headline"] == "No alert fires, as far as the workers see"
    assert "STREAMS_WEB__PROMETHEUS_URL is not set" in found["data"]["sentence"]
    assert {"NoTraffic", "PollOverdue", "Watchdog"} < {one["name"] for one in found["data"]["unjudged"]}
    assert "TargetAway" in found["data"]["quiet"]


def test_a_line_says_what_since_when_and_leads_to_the_runbook_and_to_the_cause() -> None:
    found = _view(scenes.busy(), runbooks="https://docs.example/streams/")["data"]

    assert found["headline"] == "2 alerts fire"
    line = next(one for one in found["firing"] if one["name"] == "TargetNeedsOperator")
    assert (line["name"], line["severity"], line["state"]) == ("TargetNeedsOperator", "page", "stopped")
    assert line["what"] == "Adobe Commerce refuses our credential; nothing is sent, nothing is lost"
    assert line["since"] == "2026-11-21T01:38:07Z"
    assert line["runbook_href"] == "https://docs.example/streams/docs/runbooks.md#targetneedsoperator"
    assert {one["name"] for one in found["firing"]} == {"TargetNeedsOperator", "StockNotApplied"}
    (waiting,) = found["pending"]
    assert (waiting["name"], waiting["fires_after"]) == ("UnknownSkus", "15 min")


def test_what_nobody_tells_is_not_quiet() -> None:
    world = scenes.partial_without_lane()
    world.index_state = IndexState(why="the topic cannot be read")

    found = _view(world, silent=(SILENT,))["data"]

    assert {"StockNotApplied", "ReconcileMissed", "LedgerMismatch", "DeadLetterAging"} < {
        one["name"] for one in found["unjudged"]
    }
    assert not {one["name"] for one in found["unjudged"]} & set(found["quiet"])
    assert "worker-3 silent: its own alerts are not seen." in found["sentence"]


# ── beside Prometheus ────────────────────────────────────────────────────────────────────────────

Told = dict[str, Any]  # Any: JSON of Prometheus
Change = Callable[[Told], None]


def _rule(told: Told, name: str) -> Told:
    found: Told = next(one for one in told["data"]["groups"][0]["rules"] if one["name"] == name)
    return found


def _alert(name: str, state: str, **annotations: str) -> Change:
    """As if one more fired, or waited to."""

    def change(told: Told) -> None:
        rule = _rule(told, name)
        labels = {"alertname": name, "instance": "worker-1:6066", **rule["labels"]}
        one = {"labels": labels, "annotations": {**rule["annotations"], **annotations}, "state": state}
        rule["alerts"].append({**one, "activeAt": "2026-11-21T02:00:07Z", "value": "1e+00"})

    return change


def _quiet(told: Told) -> None:
    _rule(told, "NoWorker")["alerts"].clear()


def _both(*changes: Change) -> Change:
    def change(told: Told) -> None:
        for one in changes:
            one(told)

    return change


@asynccontextmanager
async def beside(world: World, change: Change = _quiet, *, status: int = 200) -> AsyncIterator[str]:
    """The pages of a world, with a Prometheus that answers as recorded, or as changed."""

    async def answer(request: web.Request) -> web.Response:
        assert (request.path, request.query_string) == ("/api/v1/rules", "type=alert")
        assert "Authorization" not in request.headers
        told = msgspec.json.decode(RECORDED.read_bytes())
        change(told)
        made = web.Response(body=msgspec.json.encode(told), status=status, content_type="application/json")
        made.enable_compression()
        return made

    async with web_server(answer) as url:
        settings = WITH_TOKENS.model_copy(update={"prometheus_url": url, "alertmanager_url": "https://silence.example"})
        async with served(world, settings) as one:
            for _ in range(100):
                world.clock.advance(timedelta(seconds=1))
                if "it was not asked yet" not in (await get(f"{one.url}/alerts", bearer(READ))).text:
                    break
            yield one.url


async def _told(world: World, change: Change = _quiet, *, status: int = 200) -> tuple[Any, str]:
    """JSON and page."""
    async with beside(world, change, status=status) as url:
        page = await get(f"{url}/alerts", bearer(READ))
        return (await get(f"{url}/api/v1/alerts", bearer(READ))).json, page.text


async def test_green_is_only_what_prometheus_says_while_its_watchdog_fires() -> None:
    found, page = await _told(scenes.calm())
    silent, _ = await _told(scenes.calm(), _both(_quiet, lambda told: _rule(told, "Watchdog")["alerts"].clear()))

    assert (found["state"], found["data"]["headline"]) == ("ok", "No alert fires")
    assert found["data"]["unjudged"] == []
    assert "NoTraffic" in found["data"]["quiet"]
    assert 'href="https://silence.example"' in page
    assert silent["state"] == "unknown"
    assert "do not rely on silence" in silent["data"]["sentence"]


async def test_what_prometheus_says_comes_first_and_what_only_workers_see_beside_it() -> None:
    paging = _both(
        _quiet,
        _alert("DeadLetterRate", "firing"),
        _alert("NoTraffic", "firing", runbook_url="https://wiki.example/no-traffic"),
        _alert("TargetAway", "pending"),
    )
    found, page = await _told(scenes.busy(), paging)
    data = found["data"]

    assert (found["state"], data["source"], data["headline"]) == ("stopped", "prometheus", "2 alerts fire")
    assert [one["name"] for one in data["firing"]] == ["NoTraffic", "DeadLetterRate"]
    assert data["firing"][0]["runbook_href"] == "https://wiki.example/no-traffic"
    assert data["firing"][0]["instance"] == "worker-1:6066"
    assert [(one["name"], one["fires_after"]) for one in data["pending"]] == [("TargetAway", "5 min in all")]
    assert "TargetNeedsOperator" in {one["name"] for one in data["only_here"]}
    assert 'href="https://wiki.example/no-traffic" rel="noreferrer"' in page


def _old(told: Told) -> None:
    for rule in told["data"]["groups"][0]["rules"]:
        rule["lastEvaluation"] = "2026-11-21T02:00:00Z"


def _never(told: Told) -> None:
    for rule in told["data"]["groups"][0]["rules"]:
        del rule["lastEvaluation"]


NOT_USABLE: dict[str, tuple[Change, int, str]] = {
    "down": (_quiet, 503, "No word of Prometheus: it answered 503"),
    "other-rules": (lambda told: told["data"]["groups"].clear(), 200, "has none of our rules loaded"),
    "strange": (lambda told: told.update(status="error"), 200, "its answer cannot be read"),
    "standing": (_old, 200, "Prometheus judged its rules 14 min ago, for the last time"),
    "begun": (_never, 200, "Prometheus has not judged its rules yet"),
}


@pytest.mark.parametrize("name", NOT_USABLE)
async def test_a_prometheus_that_cannot_be_gone_by_is_said_and_the_workers_judge(name: str) -> None:
    change, status, why = NOT_USABLE[name]
    found, page = await _told(scenes.calm(), change, status=status)

    assert (found["state"], found["data"]["source"]) == ("unknown", "workers")
    assert why in found["data"]["sentence"]
    assert re.search(r"Alerts <span class=\"n\">\?</span>", page)


async def test_rules_that_prometheus_lacks_or_cannot_judge_are_not_quiet() -> None:
    def change(told: Told) -> None:
        _quiet(told)
        _rule(told, "TargetAway").update(health="err", lastError="vector cannot contain <b>")
        rules = told["data"]["groups"][0]["rules"]
        rules[:] = [one for one in rules if one["name"] != "NoTraffic"]

    found, page = await _told(scenes.calm(), change)

    assert found["state"] == "unknown"
    assert found["data"]["unjudged"] == [
        {"name": "NoTraffic", "why": "is not loaded in Prometheus"},
        {"name": "TargetAway", "why": "vector cannot contain <b>"},
    ]
    assert "cannot contain &lt;b&gt;" in page


async def test_text_of_prometheus_is_inert_and_its_links_lead_to_http_alone() -> None:
    bad = '"><script>alert(1)</script>\u202e'
    hostile = _alert("NoTraffic", "firing", summary=bad, description=bad, runbook_url=f"javascript:alert(1)//{bad}")
    found, page = await _told(scenes.calm(), _both(_quiet, hostile))

    assert found["data"]["firing"][0]["runbook_href"] == ""
    assert "<script>alert" not in page
    assert "&lt;U+202E&gt;" in page
    assert 'href="javascript' not in page


async def test_the_head_of_every_page_counts_what_fires() -> None:
    async with served(scenes.busy(), WITH_TOKENS) as one:
        page = (await get(f"{one.url}/settings", bearer(READ))).text

    assert re.search(r'<a href="/alerts">Alerts <span class="n">2</span>', page)
