"""Do shop and ledger agree, how fresh is that proof, and who may ask for another one."""

import msgspec
import pytest

from streams.web.facts import WorkerFacts
from streams.web.reconcile_facts import ReconcileFact
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, WITH_TOKENS, Answer, bearer, get, post
from tests.unit.streams.web.worlds import (
    NOW,
    SECOND,
    Served,
    World,
    reconcile_run,
    reconciling,
    reservation,
    reservation_run,
    served,
    worker,
)

pytestmark = pytest.mark.anyio

PAGE, RUNS = "/api/v1/reconciliation", "/api/v1/reconciliation/runs"
NONE = {"missing": 0, "stale": 0, "foreign-edit": 0, "orphan": 0}
DAY = 86_400 * SECOND
AWAY = "the shop is away"


async def told(facts: ReconcileFact | None) -> Answer:
    own: WorkerFacts = worker(reconciliation=facts)
    if facts is None:
        own = msgspec.structs.replace(own, lane=None)
    async with served(World(own=own)) as one:
        return await get(one.url + PAGE)


async def test_a_young_full_run_without_drift_is_agreement_with_its_age_and_price() -> None:
    answer = await told(reconciling(reconcile_run()))

    assert answer.json["state"] == "ok"
    assert answer.data["headline"] == "300,000 of 300,000 pairs agree"
    assert "Checked 2 h ago in 4 min with 1,004 calls. No repair was needed." in answer.data["sentence"]


async def test_what_differs_and_is_not_repaired_comes_first_and_leads_to_its_story() -> None:
    answer = await told(reconciling(scenes.drifted()))

    assert answer.json["state"] == "attention"
    assert answer.data["headline"] == "5 of 300,000 pairs of source and SKU differ"
    assert "7 pairs more were repaired." in answer.data["sentence"]
    kinds = {one["kind"]: (one["found"], one["repaired"], one["open"]) for one in answer.data["kinds"]}
    assert kinds == {"missing": (0, 0, 0), "stale": (7, 7, 0), "foreign-edit": (5, 0, 5), "orphan": (0, 0, 0)}
    assert [one["href"] for one in answer.data["drift"]][2] == "/stock?sku=A%26B%2F1&ask=1"
    assert (answer.data["drift"][2]["ours"], answer.data["drift"][2]["theirs"]) == ("120 in stock", "not there")
    assert answer.data["drift_total"] == 12


async def test_a_window_after_the_full_run_adds_what_it_found() -> None:
    window = reconcile_run("window", ended_at=NOW - 60 * SECOND, found={**NONE, "missing": 2}, repaired=NONE)

    answer = await told(reconciling(window, scenes.drifted()))

    assert answer.data["headline"].startswith("7 of 300,000 pairs")
    assert [(one["found"], one["open"]) for one in answer.data["kinds"]] == [(2, 2), (7, 0), (5, 5), (0, 0)]


async def test_a_window_before_the_full_run_is_contained_in_it() -> None:
    window = reconcile_run("window", ended_at=NOW - 9000 * SECOND, found={**NONE, "missing": 2}, repaired=NONE)

    assert (await told(reconciling(reconcile_run(), window))).json["state"] == "ok"


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (reconciling(), "No full run has come to its end"),
        (reconciling(reconcile_run(ended_at=NOW - 3 * DAY)), "The last full run is 3 d old"),
        (
            reconciling(reconcile_run(state="failed", why="TargetUnavailableError: 503", compared=120_000)),
            "failed at 40 %: TargetUnavailableError: 503",
        ),
        (reconciling(next_at={}), "No full run comes by itself"),
    ],
    ids=["none yet", "too old", "failed", "off"],
)
async def test_without_a_young_proof_agreement_is_not_known(facts: ReconcileFact, says: str) -> None:
    answer = await told(facts)

    assert (answer.json["state"], answer.data["headline"]) == ("unknown", "Agreement is not known")
    assert says in answer.data["sentence"]


async def test_a_run_under_way_is_told_with_how_far_it_is() -> None:
    running = reconcile_run(state="running", ended_at=0, compared=120_000)

    answer = await told(reconciling(running, reconcile_run(run="full-0")))

    assert "A full run is under way: 120,000 of 300,000 pairs." in answer.data["sentence"]
    assert [one["state"] for one in answer.data["runs"]] == ["running", "done"]


async def test_what_warehouses_stated_is_told_over_all_workers() -> None:
    async with served(scenes.busy()) as one:
        told = (await get(one.url + PAGE)).data

    assert (told["statements"], told["statements_differ"]) == (1244, 4)


async def test_where_nobody_has_the_lane_nothing_is_known_and_no_run_may_begin() -> None:
    answer = await told(None)

    assert (answer.json["state"], answer.data["owner"]) == ("unknown", None)
    assert answer.data["refusal"]


# ── acts ─────────────────────────────────────────────────────────────────────────────────────────


async def _ask(one: Served, token: str = OPERATE, **body: object) -> Answer:
    return await post(one.url + RUNS, {"scope": "full", "reason": "after a restore", **body}, bearer(token))


async def test_a_run_is_asked_for_with_what_shall_be_repaired_and_by_whom() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _ask(one, repair=["missing", "stale"], act="0123456789abcdef")
        as_set = await _ask(one, scope="window")

    assert (answer.status, as_set.status) == (202, 202)
    assert one.acts.done[0] == ("reconcile", "full", ("missing", "stale"), "0123456789abcdef", "token (operate)")
    assert one.acts.done[1][1:3] == ("window", None)


@pytest.mark.parametrize("body", [{"scope": "all"}, {"repair": ["orphan"]}, {"reason": ""}])
async def test_what_is_not_a_run_is_refused(body: dict[str, object]) -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _ask(one, OPERATE, **body)

    assert (answer.status, one.acts.done) == (400, [])


async def test_during_an_outage_the_refusal_says_why_and_nothing_is_ordered() -> None:
    async with served(scenes.busy(), WITH_TOKENS) as one:
        answer = await _ask(one)

    assert (answer.status, one.acts.done) == (409, [])
    assert "UnauthorizedError: 401 refused" in answer.json["error"]


async def test_whoever_may_only_read_cannot_ask_for_a_run() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        assert (await _ask(one, READ)).status == 403
    assert one.acts.done == []


async def test_one_run_is_told_whole_by_the_worker_that_has_it() -> None:
    async with served(scenes.busy()) as one:
        found = await get(f"{one.url}/api/v1/reconciliation/own?run=full-1")
        unknown = await get(f"{one.url}/api/v1/reconciliation/own?run=nobody")

    assert len(found.data["drift"]) == 3
    assert unknown.status == 404


async def test_before_the_first_proof_no_figure_stands_for_what_differs() -> None:
    async with served(World(own=worker(reconciliation=reconciling()))) as one:
        told, page = await get(f"{one.url}/api/v1/reconciliation"), await get(f"{one.url}/reconciliation")

    assert told.data["kinds"] == []
    assert "no run has come to its end yet" in page.text
    assert 'data-l="Found"' not in page.text


async def test_while_no_run_may_begin_the_acts_are_shut_and_say_why() -> None:
    async with served(
        World(own=worker(reconciliation=reconciling(reconcile_run(), refusal=AWAY, reservations_refusal=AWAY))),
        WITH_TOKENS,
    ) as one:
        page = (await get(f"{one.url}/reconciliation", bearer(OPERATE))).text

    assert page.count('disabled aria-describedby="no-run"') == 3
    assert page.count('id="no-run"') == 1
    assert page.count('disabled aria-describedby="no-res"') == page.count('id="no-res"') == 1
    assert "data-act" not in page.partition("<dialog")[0].partition("<main")[2]


async def test_a_run_of_no_time_is_not_said_to_have_taken_none() -> None:
    quick = reconcile_run(started_at=NOW - 7200 * SECOND - 40_000, ended_at=NOW - 7200 * SECOND)

    answer = await told(reconciling(quick))

    assert "in less than 0.1 s with" in answer.data["sentence"]
    assert answer.data["runs"][0]["took"] == "less than 0.1 s"


# ── reservations ─────────────────────────────────────────────────────────────────────────────────


async def test_reservations_that_are_wrong_stand_with_their_orders_and_their_compensation() -> None:
    answer = await told(reconciling(reservation_run(reservation()), reconcile_run()))

    assert answer.json["state"] == "attention"
    assert answer.data["headline"] == "Reservations of 1 pair of stock and SKU are wrong"
    told_of = answer.data["reservations"]
    assert {one["kind"]: one["open"] for one in told_of["kinds"] if one["open"]} == {"not-compensated": 1}
    [one] = told_of["findings"]
    assert (one["sku"], one["compensation"], one["certainty"]) == ("PUMP-200", "000000172:PUMP-200:+2:1", "certain")
    assert one["orders"] == ["000000172 (2) is canceled, and its reservation is open still"]


async def test_reservations_that_were_never_compared_are_not_known_to_agree() -> None:
    answer = await told(reconciling(reconcile_run()))

    assert answer.data["reservations"]["state"] == "unknown"
    assert answer.json["state"] == "ok", "the proof of stock stands by itself"


async def test_a_run_about_reservations_may_begin_where_stock_cannot_be_compared() -> None:
    facts = reconciling(reconcile_run(), refusal="the sink is in mode shadow")
    async with served(World(own=worker(reconciliation=facts)), WITH_TOKENS) as one:
        stock, reserved = await _ask(one), await _ask(one, scope="reservations")

    assert (stock.status, reserved.status) == (409, 202)
    assert one.acts.done[0][1] == "reservations"


async def test_the_page_shows_what_is_wrong_and_copies_the_compensation() -> None:
    facts = reconciling(reservation_run(reservation()), reconcile_run())
    async with served(World(own=worker(reconciliation=facts)), WITH_TOKENS) as one:
        page = (await get(f"{one.url}/reconciliation", bearer(READ))).text

    assert "Not compensated" in page
    assert 'data-copy="000000172:PUMP-200:+2:1"' in page
