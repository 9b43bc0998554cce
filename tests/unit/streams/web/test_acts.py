"""What operators do: with a reason, once, audited by name, and never from elsewhere."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from streams.web import facts as f
from streams.web.acts import Place
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, REVEAL, WITH_TOKENS, Answer, bearer, get, post
from tests.unit.streams.web.scenes import NO_ONE
from tests.unit.streams.web.worlds import HOLD, NOW, SECOND, STOCK, Served, World, intake, lane, letter, served, worker

pytestmark = pytest.mark.anyio

SINK = "/api/v1/sinks/commerce"
REBASE = {
    "sku": "PUMP-200",
    "location": "WMS-01",
    "bucket": "ON_HAND",
    "quantity": "140",
    "before": "131",
    "reason": "counted by hand",
}


async def _act(one: Served, path: str, body: object, token: str = OPERATE, **headers: str) -> Answer:
    return await post(one.url + path, body, {**bearer(token), **headers})


async def test_a_mode_is_ordered_with_who_and_why_and_from_what() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _act(one, SINK, {"mode": "shadow", "reason": " new mapping "})

    assert answer.status == 202
    assert (answer.data["state"], answer.data["done"], answer.data["total"]) == ("done", 1, 1)
    assert one.acts.done == [("sink", "commerce", "shadow", "run", "token (operate)", "new mapping")]


@pytest.mark.parametrize(("said", "ordered"), [("pause", "paused"), ("paused", "paused"), ("shadow", "shadow")])
async def test_what_people_call_it_becomes_what_the_record_holds(said: str, ordered: str) -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        await _act(one, SINK, {"mode": said, "reason": "because"})

    assert one.acts.done[0][2] == ordered


async def test_two_clicks_are_one_act() -> None:
    body = {"mode": "paused", "reason": "because", "act": "0123456789abcdef"}
    async with served(scenes.calm(), WITH_TOKENS) as one:
        first, second = await asyncio.gather(_act(one, SINK, body), _act(one, SINK, body))
        asked = await get(f"{one.url}/api/v1/acts/0123456789abcdef", bearer(READ))
        unknown = await get(f"{one.url}/api/v1/acts/none", bearer(READ))

    assert first.data == second.data == asked.data
    assert len(one.acts.done) == 1
    assert unknown.status == 404


async def test_a_second_operator_learns_who_was_first() -> None:
    order = f.OrderFact("sink/commerce", "paused", "operator-2 (operate)", "deploy", NOW - 14 * SECOND)
    world = scenes.calm()
    world.own = msgspec.structs.replace(world.own, lane=lane(mode="paused"), orders=(order,))
    async with served(world, WITH_TOKENS) as one:
        answer = await _act(one, SINK, {"mode": "pause", "reason": "because"})

    assert answer.data["state"] == "already"
    assert answer.data["text"] == "The sink commerce is in mode paused already: operator-2 (operate), 14 s ago."
    assert one.acts.done == []


async def test_an_act_that_kafka_did_not_take_says_so_and_can_be_repeated() -> None:
    body = {"mode": "paused", "reason": "because", "act": "0123456789abcdef"}
    async with served(scenes.calm(), WITH_TOKENS) as one:
        one.acts.down = True
        failed = await _act(one, SINK, body)
        one.acts.down = False
        repeated = await _act(one, SINK, body)

    assert (failed.status, failed.data["state"]) == (503, "failed")
    assert "Repeating it is safe" in failed.data["text"]
    assert (repeated.status, repeated.data["state"]) == (202, "done")


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "paused"},
        {"mode": "paused", "reason": "ab"},
        {"mode": "paused", "reason": "  a  "},
        {"mode": "paused", "reason": "x" * 201},
        {"mode": "off", "reason": "because"},
        {"mode": "paused", "reason": "because", "act": "short"},
        {"mode": "paused", "reason": "because", "actor": "somebody else"},
        {"reason": "because"},
        [],
        b"not json",
        b"",
    ],
)
async def test_an_act_that_does_not_say_what_it_must_is_refused(body: object) -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _act(one, SINK, body)

    assert answer.status == 400
    assert one.acts.done == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Sec-Fetch-Site": "same-origin"}, 202),
    ],
)
async def test_a_request_that_another_site_could_send_does_nothing(headers: dict[str, str], status: int) -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _act(one, SINK, {"mode": "paused", "reason": "because"}, **headers)
        done = len(one.acts.done)

    assert (answer.status, done) == (status, int(status == 202))


async def test_our_own_origin_is_let_in() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _act(one, SINK, {"mode": "paused", "reason": "because"}, Origin=one.url)

    assert answer.status == 202


async def test_a_sink_that_is_none_is_named() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _act(one, "/api/v1/sinks/erp", {"mode": "paused", "reason": "because"})

    assert (answer.status, answer.json["error"]) == (404, "No sink has the role erp. There is: commerce.")


async def test_a_paused_topic_is_resumed_and_an_open_one_is_left() -> None:
    world = scenes.calm()
    intakes = (intake(STOCK, tuple(range(8)), paused=True), *worker().intakes[1:])
    world.own = msgspec.structs.replace(world.own, intakes=intakes)
    async with served(world, WITH_TOKENS) as one:
        paused = await _act(one, f"/api/v1/topics/{STOCK}/resume", {"reason": "fixed in 0.1.1"})
        already = await _act(one, f"/api/v1/topics/{HOLD}/resume", {"reason": "because"})
        unknown = await _act(one, "/api/v1/topics/none.v1/resume", {"reason": "because"})

    assert (paused.data["state"], already.data["state"], unknown.status) == ("done", "already", 404)
    assert one.acts.done == [("resume", STOCK, "token (operate)")]


async def test_a_gap_is_accepted_up_to_its_end() -> None:
    world = scenes.calm()
    world.own = msgspec.structs.replace(world.own, gaps=(f.GapFact(STOCK, 5, 88_120, 88_419),))
    async with served(world, WITH_TOKENS) as one:
        accepted = await _act(one, "/api/v1/gaps/accept", {"topic": STOCK, "partition": 5, "reason": "agreed"})
        none = await _act(one, "/api/v1/gaps/accept", {"topic": STOCK, "partition": 4, "reason": "agreed"})

    assert (accepted.data["state"], none.data["state"]) == ("done", "already")
    assert one.acts.done == [("gap", STOCK, 5, 88_420)]


async def test_a_recount_asks_for_a_sku_or_for_one_place_of_it() -> None:
    path = "/api/v1/stock/recount"
    async with served(scenes.calm(), WITH_TOKENS) as one:
        await _act(one, path, {"sku": "PUMP-200", "reason": "looks wrong"})
        await _act(one, path, {"sku": "A/B", "location": "WMS-01", "bucket": "ON_HAND", "reason": "looks wrong"})
        bad = await _act(one, path, {"sku": " A", "reason": "looks wrong"})

    assert one.acts.done == [("recount", Place("PUMP-200")), ("recount", Place("A/B", "WMS-01", "ON_HAND"))]
    assert bad.status == 400


async def test_a_rebase_shows_the_change_first_and_then_states_exactly_that() -> None:
    query = "?sku=PUMP-200&location=WMS-01&bucket=ON_HAND&quantity=190.70"
    async with served(scenes.calm(), WITH_TOKENS) as one:
        preview = await get(f"{one.url}/api/v1/stock/rebase{query}", bearer(OPERATE))
        nothing = list(one.acts.done)
        body = {**REBASE, "quantity": preview.data["after"], "before": preview.data["before"]}
        done = await _act(one, "/api/v1/stock/rebase", body)

    assert (preview.data["before"], preview.data["after"]) == ("131", "190.7")
    assert "ON_HAND at WMS-01: 131 → 190.7." in preview.data["says"]
    assert nothing == []
    assert done.status == 202
    place = Place("PUMP-200", "WMS-01", "ON_HAND")
    assert one.acts.done == [("rebase", place, "WMS-01/ON_HAND: 131", 190_700_000)]


async def test_a_rebase_of_a_value_that_moved_since_its_preview_is_refused() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _act(one, "/api/v1/stock/rebase", {**REBASE, "before": "130"})

    assert answer.status == 409
    assert answer.json["error"] == "The value changed since the preview: 130 then, 131 now. Look again."
    assert one.acts.done == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"quantity": "-1"}, 400),
        ({"quantity": "1.0000001"}, 400),
        ({"quantity": "NaN"}, 400),
        ({"quantity": "1e400"}, 400),
        ({"quantity": "x"}, 400),
        ({"quantity": "1" * 5000}, 400),
        ({"bucket": "IN_TRANSIT"}, 400),
        ({"location": "nowhere"}, 404),
        ({"sku": "NOPE"}, 404),
    ],
)
async def test_a_rebase_that_makes_no_sense_is_refused(change: dict[str, str], status: int) -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _act(one, "/api/v1/stock/rebase", {**REBASE, **change})

    assert (answer.status, one.acts.done) == (status, [])


async def test_a_rebase_while_the_owner_is_silent_is_refused() -> None:
    world = scenes.calm()
    world.ledger_owner, world.others = NO_ONE, {NO_ONE: (3,)}
    async with served(world, WITH_TOKENS) as one:
        answer = await _act(one, "/api/v1/stock/rebase", REBASE)

    assert answer.status == 503
    assert "does not answer" in answer.json["error"]


async def test_a_rebase_clicked_twice_is_one_even_when_the_value_has_moved_by_it() -> None:
    world = scenes.calm()
    body = {**REBASE, "act": "0123456789abcdef"}
    async with served(world, WITH_TOKENS) as one:
        first = await _act(one, "/api/v1/stock/rebase", body)
        entry = world.ledgers["PUMP-200"]
        moved = msgspec.structs.replace(entry.scopes[0], value="140")
        world.ledgers["PUMP-200"] = msgspec.structs.replace(entry, scopes=(moved, *entry.scopes[1:]))
        second = await _act(one, "/api/v1/stock/rebase", body)

    assert first.data == second.data
    assert len(one.acts.done) == 1


async def test_a_letter_that_can_name_people_is_revealed_after_the_look_was_noted() -> None:
    person = letter(
        1, origin_topic="commerce.customer.v1", detail="mail 'canary@example.org'", key="canary@example.org"
    )
    world = World(letters=[person])
    path = f"/api/v1/dead-letters/{person.group}/{person.id}"
    async with served(world, WITH_TOKENS) as one:
        hidden = [await get(one.url + path, bearer(token)) for token in (READ, OPERATE, REVEAL)]
        hidden += [await get(one.url + path.removeprefix("/api/v1"), bearer(OPERATE))]
        shown = await _act(one, f"{path}/reveal", {"reason": "the customer asked"}, REVEAL)
        one.acts.down = True
        refused = await _act(one, f"{path}/reveal", {"reason": "the customer asked"}, REVEAL)

    assert all("canary" not in answer.text for answer in hidden)
    assert shown.data["letter"]["key"] == "canary@example.org"
    assert shown.data["bytes_hex"]
    assert one.acts.done == [("reveal", person.id, "token (reveal)", "the customer asked")]
    assert (refused.status, "canary" in refused.text) == (503, False)


async def test_acts_are_remembered_within_a_bound() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        first = await _act(one, "/api/v1/stock/recount", {"sku": "A", "reason": "because"})
        one.world.clock.advance(timedelta(seconds=1))
        known = await get(f"{one.url}/api/v1/acts/{first.data['id']}", bearer(READ))

    assert known.data == first.data


# ── the sinks of orders ──────────────────────────────────────────────────────────────────────────


def _with_orders() -> World:
    world = scenes.calm()
    world.orders = w.orders(w.entry(), w.waiting())
    return world


@pytest.mark.parametrize(("role", "before", "mode"), [("erp", "run", "paused"), ("wms", "paused", "run")])
async def test_the_sink_of_every_role_is_paused_and_run_from_what_it_was(role: str, before: str, mode: str) -> None:
    async with served(_with_orders(), WITH_TOKENS) as one:
        answer = await _act(one, f"/api/v1/sinks/{role}", {"mode": mode, "reason": "because"})

    assert (answer.status, answer.data["state"]) == (202, "done")
    assert one.acts.done == [("sink", role, mode, before, "token (operate)", "because")]


async def test_a_role_without_a_sink_is_named_with_those_there_are() -> None:
    async with served(_with_orders(), WITH_TOKENS) as one:
        with_orders = await _act(one, "/api/v1/sinks/finance", {"mode": "run", "reason": "because"})
    async with served(scenes.calm(), WITH_TOKENS) as one:
        without = await _act(one, "/api/v1/sinks/erp", {"mode": "run", "reason": "because"})

    assert (with_orders.status, without.status) == (404, 404)
    assert "There is: commerce, erp, wms, crm." in with_orders.json["error"]
    assert "There is: commerce." in without.json["error"]
