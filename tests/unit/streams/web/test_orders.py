"""Where is this order: any worker answers by any number, queues say whether they are whole, and nobody is named."""

import msgspec
import pytest

from streams.web.order_facts import EntryFact
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, REVEAL, WITH_TOKENS, Answer, bearer, get, post
from tests.unit.streams.web.order_worlds import CANARY, ID, NOW, SECOND, orders
from tests.unit.streams.web.scenes import NO_ONE
from tests.unit.streams.web.situations import of
from tests.unit.streams.web.worlds import World, served, worker

pytestmark = pytest.mark.anyio
ALL = (w.entry(), w.held(), w.waiting(), w.doubled())


def _world(*entries: EntryFact, **given: object) -> World:
    world = scenes.calm()
    world.orders = orders(*(entries or ALL), **given)
    return world


async def _ask(world: World, path: str) -> Answer:
    async with served(world) as one:
        return await get(one.url + path)


async def test_an_order_that_is_well_says_so_with_its_numbers_and_lines() -> None:
    answer = await _ask(_world(), f"/api/v1/orders/{ID}")

    assert (answer.status, answer.json["state"], answer.data["headline"]) == (200, "ok", "Acknowledged")
    assert (answer.data["erp_number"], answer.data["number"], answer.data["total"]) == (
        "SO-1001",
        "000004711",
        "1320.50",
    )
    assert answer.data["steps"] == ["ordered"]
    assert [line["steps"] for line in answer.data["lines"]] == [["2"], ["7.5"]]
    assert answer.data["lines"][1]["note"] == "made to order, work order WO-7"
    assert "shipped" in answer.data["steps_left_out"]


async def test_every_reason_of_a_held_order_is_told_with_what_to_do() -> None:
    answer = await _ask(_world(), "/api/v1/orders/commerce-000004712")

    assert (answer.json["state"], answer.data["headline"]) == ("attention", "Held for a person")
    assert [one["detail"] for one in answer.data["holds"]] == ["price-below-list", "address-incomplete"]
    assert all(one["advice"] for one in answer.data["holds"])
    assert (answer.data["release"]["may"], answer.data["reject"]["may"]) == (True, True)


async def test_a_waiting_order_says_for_whom_for_how_long_and_why() -> None:
    answer = await _ask(_world(), "/api/v1/orders/commerce-000004713")

    assert (answer.json["state"], answer.data["headline"]) == ("attention", "Waiting for the ERP")
    assert answer.data["sentence"] == (
        "The ERP is asked to make the order, for 36 min. The target refuses us and a person must act: "
        "UnauthorizedError: 401 refused. It waits safely."
    )
    erp, crm, wms = answer.data["systems"]
    assert (erp["word"], erp["attempts"], erp["pending"][0]["kind"]) == ("waits", 4, "CREATE_ORDER")
    assert (crm["word"], wms["word"], wms["mode"]) == ("answered all that it was asked", "not asked yet", "paused")
    assert answer.data["parked"][0]["waits_for"] == ["PICKED"]
    assert answer.data["release"] == {"may": False, "why": "It is not held."}


async def test_the_time_line_has_what_was_said_answered_asked_and_held_in_order() -> None:
    answer = await _ask(_world(), "/api/v1/orders/commerce-000004713")

    told = [(one["kind"], one["text"], one["detail"]) for one in answer.data["events"]]
    assert [kind for kind, _, _ in told] == ["message", "outcome", "call", "message"]
    assert told[1][1:] == ("The CRM: record the order: done", "006A")
    assert told[2][1] == "The ERP is asked to make the order"
    assert told[3][1:] == (
        "wms-north: shipped P-99182, 2 × PUMP-200",
        "waits for an earlier step, does not count yet",
    )
    assert [one["at"] for one in answer.data["events"]] == sorted(one["at"] for one in answer.data["events"])


async def test_an_order_that_its_sink_holds_can_be_released_and_no_longer_be_rejected() -> None:
    answer = await _ask(_world(), "/api/v1/orders/commerce-000004714")

    assert answer.data["systems"][0]["word"] == "held: duplicate-suspected"
    assert answer.data["release"]["may"]
    assert answer.data["reject"] == {
        "may": False, "why": "In state accepted an order can no longer be rejected: others work on it.",
    }  # fmt: skip


# ── who is asked ─────────────────────────────────────────────────────────────────────────────────


async def test_the_owner_is_asked_wherever_the_question_arrives() -> None:
    first, second = World(own=worker(1)), World(own=worker(2))
    first.orders, second.orders = orders(owner=None), orders(w.entry(), worker="worker-2")
    async with served(first, WITH_TOKENS) as one, served(second, WITH_TOKENS) as two:
        first.others, second.others = {two.url: ()}, {one.url: ()}
        first.orders.owner = two.url
        for asked in (one, two):
            answer = await get(f"{asked.url}/api/v1/orders/{ID}", bearer(READ))
            assert (answer.status, answer.data["owner"], answer.data["missing"]) == (200, "worker-2", [])


@pytest.mark.parametrize("number", ["SO-1001", "000004711"])
async def test_a_number_of_the_erp_or_the_channel_finds_the_order_at_any_worker(number: str) -> None:
    first, second = World(own=worker(1)), World(own=worker(2))
    first.orders, second.orders = orders(owner=None), orders(w.entry(), worker="worker-2")
    async with served(first, WITH_TOKENS) as one, served(second, WITH_TOKENS) as two:
        first.others, first.orders.owner = {two.url: ()}, two.url
        answer = await get(f"{one.url}/api/v1/orders?q={number}", bearer(READ))

    assert (answer.data["found"], answer.data["id"], answer.data["asked"]) == (True, ID, number)


async def test_several_orders_of_one_number_are_offered() -> None:
    answer = await _ask(_world(w.entry(), w.entry("dealer-000004711")), "/api/v1/orders?q=SO-1001")

    assert (answer.data["found"], answer.data["several"]) == (False, [ID, "dealer-000004711"])


async def test_an_owner_that_is_gone_is_named_and_nothing_is_guessed() -> None:
    answer = await _ask(_world(owner=NO_ONE), f"/api/v1/orders/{ID}")

    assert (answer.status, answer.json["state"]) == (200, "unknown")
    assert answer.data["missing"] == ["127.0.0.1:1 owns this order and does not answer (the connection was refused)."]


async def test_a_partition_that_is_in_nobodys_hands_is_said_to_be() -> None:
    assert "Nobody owns this order" in (await _ask(_world(owner=None), f"/api/v1/orders/{ID}")).data["sentence"]


async def test_an_order_that_nobody_knows_is_404_only_where_all_were_asked() -> None:
    whole = await _ask(_world(), "/api/v1/orders/commerce-9")
    cut = await _ask(_world(is_whole=False), "/api/v1/orders/commerce-9")

    assert (whole.status, whole.data["headline"]) == (404, "No such order")
    assert (cut.status, cut.data["headline"]) == (200, "Not everything is known")
    assert "could not search all of its orders in time" in cut.data["sentence"]


@pytest.mark.parametrize("text", ["", " x", "x%00", "x" * 129])
async def test_what_cannot_be_a_number_is_refused_before_anybody_is_asked(text: str) -> None:
    assert (await _ask(_world(), f"/api/v1/orders?q={text}")).status == 400


async def test_more_than_ten_look_ups_in_a_second_are_too_many() -> None:
    async with served(_world()) as one:
        found = [(await get(f"{one.url}/api/v1/orders/{ID}")).status for _ in range(11)]

    assert found == [200] * 10 + [429]


# ── queues ───────────────────────────────────────────────────────────────────────────────────────


async def test_the_held_queue_is_the_oldest_first_and_complete() -> None:
    answer = await _ask(_world(), "/api/v1/orders?state=held")

    assert [one["id"] for one in answer.data["items"]] == ["commerce-000004712", "commerce-000004714"]
    assert (answer.data["total"], answer.data["total_is"]) == (2, "exact")
    assert answer.data["headline"] == "2 orders wait for a decision"
    assert answer.data["reasons"] == {"check-failed": 1, "duplicate-suspected": 1}


async def test_stuck_is_what_waits_longer_than_the_limit() -> None:
    five = await _ask(_world(), "/api/v1/orders?state=stuck")
    twenty = await _ask(_world(), "/api/v1/orders?state=stuck&longer_s=1200")

    assert [one["id"] for one in five.data["items"]] == ["commerce-000004713", "commerce-000004714"]
    assert [one["id"] for one in twenty.data["items"]] == ["commerce-000004713"]
    assert five.data["items"][1]["waits_for"] == "The ERP: make the order; duplicate-suspected"


async def test_a_worker_that_is_silent_makes_the_queue_incomplete_and_an_empty_one_unknown() -> None:
    full, empty = _world(), _world(w.entry())
    full.others = empty.others = {NO_ONE: (5,)}
    some, none = await _ask(full, "/api/v1/orders?state=held"), await _ask(empty, "/api/v1/orders?state=held")

    assert (some.data["total_is"], some.data["headline"]) == ("at least", "At least 2 orders wait for a decision")
    assert (none.json["state"], none.data["headline"]) == ("unknown", "Not everything is known")
    assert some.json["workers"] == {**some.json["workers"], "asked": 2, "answered": 1}
    assert "127.0.0.1:1 does not answer" in some.data["missing"][0]


async def test_more_orders_than_are_told_are_counted() -> None:
    held = await _ask(_world(more=500), "/api/v1/orders?state=held")
    stuck = await _ask(_world(more=500), "/api/v1/orders?state=stuck")

    assert (held.data["total"], held.data["total_is"]) == (502, "exact")
    assert (stuck.data["total"], stuck.data["total_is"]) == (2, "at least")


@pytest.mark.parametrize("query", ["state=nonsense", "state=stuck&longer_s=-1", "state=stuck&longer_s=x"])
async def test_a_queue_that_is_none_is_refused(query: str) -> None:
    assert (await _ask(_world(), f"/api/v1/orders?{query}")).status == 400


# ── off ──────────────────────────────────────────────────────────────────────────────────────────


async def test_without_orders_one_line_says_so_and_no_other_page_changes() -> None:
    async with served(scenes.calm()) as one:
        page, api = await get(f"{one.url}/orders"), await get(f"{one.url}/api/v1/orders/{ID}")
        overview, order = await get(f"{one.url}/"), await get(f"{one.url}/orders/{ID}")

    assert (page.status, order.status) == (200, 200)
    assert "Orders are off: no ERP is named (STREAMS_ORDERS__ERP)." in page.text
    assert '<form class="search"' not in page.text
    assert (api.status, api.json["error"]) == (404, "Orders are off: no ERP is named (STREAMS_ORDERS__ERP).")
    assert "/orders" not in overview.text


# ── people ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("token", [READ, OPERATE, REVEAL])
async def test_nobody_is_named_unasked(token: str) -> None:
    async with served(_world(), WITH_TOKENS) as one:
        answers = [
            await get(one.url + path, bearer(token))
            for path in (f"/api/v1/orders/{ID}", f"/orders/{ID}", "/orders", f"/api/v1/orders/own?id={ID}", "/status")
        ]

    assert not [answer for answer in answers if "canary" in answer.text or "Test Buyer" in answer.text]


async def test_a_look_at_people_is_audited_by_the_owner_before_it_answers() -> None:
    first, second = World(own=worker(1)), World(own=worker(2))
    first.orders, second.orders = orders(owner=None), orders(w.entry(), worker="worker-2")
    body = {"reason": "customer called", "act": "0123456789abcdef"}
    async with served(first, WITH_TOKENS) as one, served(second, WITH_TOKENS) as two:
        first.others, first.orders.owner = {two.url: ()}, two.url
        refused = await post(f"{one.url}/api/v1/orders/{ID}/reveal", body, bearer(OPERATE))
        told = await post(f"{one.url}/api/v1/orders/{ID}/reveal", body, bearer(REVEAL))
        done = one.acts.done, two.acts.done

    assert refused.status == 403
    assert told.data["people"] == [list(pair) for pair in CANARY]
    assert done == ([], [("reveal-order", ID, "token (reveal)", "customer called")])


async def test_where_the_look_cannot_be_audited_nobody_is_named() -> None:
    world = _world()
    async with served(world, WITH_TOKENS) as one:
        one.acts.down = True
        answer = await post(f"{one.url}/api/v1/orders/{ID}/reveal", {"reason": "customer called"}, bearer(REVEAL))

    assert answer.status == 503
    assert world.orders is not None
    assert world.orders.asked_people == []


# ── pages and the overview ───────────────────────────────────────────────────────────────────────


async def test_a_search_with_one_hit_opens_the_order() -> None:
    async with served(_world()) as one:
        found = await get(f"{one.url}/orders?q=SO-1001")
        none = await get(f"{one.url}/orders?q=nothing-1")
        strange = await get(f"{one.url}/orders?q={'x' * 200}")

    assert (found.status, found.headers["Location"]) == (303, f"/orders/{ID}")
    assert (none.status, strange.status) == (200, 400)
    assert "No such order" in none.text
    assert "number has 1 to 128 characters" in strange.text


async def test_held_and_waiting_orders_are_among_what_needs_a_person() -> None:
    answer = await _ask(_world(), "/status")
    told = {one["label"]: one for one in answer.data["verdict"]["needs"]}

    assert told["Held"]["what"] == "2 orders wait for a decision."
    assert told["Held"]["action"] == {"label": "See the orders", "href": "/orders"}
    assert "A check of the order failed" in told["Held"]["why"]
    assert (told["Stopped"]["state"], told["Stopped"]["what"]) == (
        "stopped", "The ERP refuses us: a person must act.",
    )  # fmt: skip
    assert "UnauthorizedError: 401 refused. 2 orders wait safely" in told["Stopped"]["why"]


async def test_a_target_that_only_does_not_answer_is_a_need_once_orders_wait_long() -> None:
    told = (await _ask(_world(w.doubled()), "/status")).data["verdict"]["needs"]

    assert [(one["label"], one["what"]) for one in told if one["label"] == "Waits"] == [
        ("Waits", "1 order waits for the ERP."),
    ]  # fmt: skip


async def test_calm_orders_need_nobody() -> None:
    assert (await _ask(_world(w.entry()), "/status")).data["verdict"]["state"] == "ok"


def test_sums_over_workers_are_whole_only_where_everybody_told() -> None:
    one, two = orders(w.held()).sums(), orders(w.waiting(), is_whole=False).sums()
    facts = [msgspec.structs.replace(worker(n), order_sums=sums) for n, sums in ((1, one), (2, two))]
    at = of(*facts)

    assert at.orders is not None
    assert (at.orders.held, at.orders.is_whole, at.orders.waiting) == (1, False, {"erp": 1})
    assert at.orders.oldest_held_at == NOW - 252 * 60 * SECOND
