"""What operators decide of an order: once, audited, and refused before it is written where it makes no sense."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import schemas
from schemas.models.order_event import OrderEvent
from streams.domain.order_table import REFUSED_IN, OrderState, is_refused
from streams.web.acts import Mandate, OrderAct
from streams.web.order_facts import EntryFact
from streams.web.order_json import read_order
from streams.web.order_parts import OrderParts
from streams.web.order_view import order_page
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, WITH_TOKENS, Answer, bearer, post
from tests.unit.streams.web.order_worlds import orders
from tests.unit.streams.web.scenes import NO_ONE
from tests.unit.streams.web.situations import situation
from tests.unit.streams.web.test_app_acts import MANDATE, app_acts
from tests.unit.streams.web.worlds import Served, World, served

pytestmark = pytest.mark.anyio
HELD = "commerce-000004712"
EXAMPLE = (Path(schemas.__file__).parent / "examples/commerce.order.v1/configured.json").read_text()
WEB = "web-000000123"
REASON = {"reason": "price agreed"}


def _world(*entries: EntryFact, **given: object) -> World:
    world = scenes.calm()
    world.orders = orders(*(entries or (w.entry(), w.held(), w.doubled())), **given)
    return world


async def _act(one: Served, path: str, body: object = REASON) -> Answer:
    return await post(f"{one.url}/api/v1/orders/{path}", body, bearer(OPERATE))


async def test_a_held_order_is_released_with_who_and_why_and_from_what() -> None:
    async with served(_world(), WITH_TOKENS) as one:
        answer = await _act(one, f"{HELD}/release")

    assert (answer.status, answer.data["state"], answer.data["act"]) == (202, "done", "release-order")
    assert one.acts.done == [
        ("order", HELD, "RELEASED", "held check-failed", None, "token (operate)", "price agreed"),
    ]  # fmt: skip


async def test_two_clicks_release_once() -> None:
    body = {**REASON, "act": "0123456789abcdef"}
    async with served(_world(), WITH_TOKENS) as one:
        first, second = await asyncio.gather(*(_act(one, f"{HELD}/release", body) for _ in range(2)))

    assert first.data == second.data
    assert len(one.acts.done) == 1


async def test_an_order_that_is_not_held_is_left_alone() -> None:
    async with served(_world(), WITH_TOKENS) as one:
        answer = await _act(one, f"{w.ID}/release")

    assert (answer.data["state"], answer.data["text"]) == ("already", f"{w.ID} is not held: it is acknowledged.")
    assert one.acts.done == []


async def test_an_order_is_rejected_only_while_nobody_works_on_it() -> None:
    async with served(_world(), WITH_TOKENS) as one:
        done = await _act(one, f"{HELD}/reject")
        refused = [await _act(one, f"{order_id}/reject") for order_id in (w.ID, "commerce-000004714")]

    assert (done.status, done.data["text"]) == (202, f"{HELD} is rejected: nothing of it will be shipped.")
    assert [(answer.status, answer.json["error"].split(":")[0]) for answer in refused] == [
        (409, "In state acknowledged an order can no longer be rejected"),
        (409, "In state accepted an order can no longer be rejected"),
    ]
    assert [act[1:3] for act in one.acts.done] == [(HELD, "REFUSED")]


async def test_an_order_is_cancelled_while_something_of_it_has_not_left() -> None:
    async with served(_world(), WITH_TOKENS) as one:
        answers = [await _act(one, f"{order_id}/cancel") for order_id in (w.ID, HELD)]

    assert [(answer.status, answer.data["act"]) for answer in answers] == [(202, "cancel-order")] * 2
    assert [act[1:4] for act in one.acts.done] == [
        (w.ID, "CANCEL_REQUESTED", "acknowledged"),
        (HELD, "CANCEL_REQUESTED", "held check-failed"),
    ]


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        ("shipped", "It is shipped: its goods have left. What comes back is a return."),
        ("closed", "It is closed: its goods have left. What comes back is a return."),
        ("cancelling", "Its cancellation is asked for already; a target has yet to answer."),
        ("cancelled", "It is over: cancelled."),
        ("rejected", "It is over: rejected."),
        ("expected", "The order itself has not come."),
    ],
)
async def test_a_cancellation_that_is_not_legal_says_why_and_writes_nothing(stage: str, why: str) -> None:
    async with served(_world(w.entry(state=stage, stage=stage)), WITH_TOKENS) as one:
        answer = await _act(one, f"{w.ID}/cancel")

    assert (answer.status, answer.json["error"], one.acts.done) == (409, why, [])


async def test_what_the_page_allows_to_be_cancelled_the_state_machine_takes() -> None:
    """Every stage: a button that is open is never refused afterwards, and the other way round."""
    open_in = set()
    for stage in REFUSED_IN:
        view = order_page(
            OrderParts(asked=w.ID, as_of=w.NOW, known=True, entry=w.entry(state=stage.value, stage=stage.value)),
            situation(_world()),
        ).data
        open_in |= {stage} if view.cancel.may else set()

    legal = {stage for stage in REFUSED_IN if not is_refused(stage, "CANCEL_REQUESTED")}
    assert open_in == legal - {OrderState.EXPECTED, OrderState.CANCELLING}


async def test_a_correction_is_the_whole_order_as_people_write_it() -> None:
    async with served(_world(w.held(WEB)), WITH_TOKENS) as one:
        answer = await _act(one, f"{WEB}/correct", {**REASON, "order": json.loads(EXAMPLE)})

    assert (answer.status, answer.data["act"]) == (202, "correct-order")
    assert one.acts.done[0][4] == read_order(EXAMPLE, WEB)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": "000000124"}, "this is the order web-000000124, not web-000000123"),
        ({"lines": []}, "it has no line"),
        ({"currency": 7}, "field currency"),
        ({"nonsense": "x"}, "no such field: nonsense"),
        ({"channel": ""}, "an order has a channel and a number"),
    ],
)
async def test_a_correction_that_is_no_order_or_another_one_is_refused(change: dict[str, Any], said: str) -> None:
    async with served(_world(w.held(WEB)), WITH_TOKENS) as one:
        answer = await _act(one, f"{WEB}/correct", {**REASON, "order": {**json.loads(EXAMPLE), **change}})

    assert (answer.status, one.acts.done) == (400, [])
    assert said in answer.json["error"]
    assert "buyer@example.com" not in answer.text


@pytest.mark.parametrize("text", ["[]", "7", '"text"', "null"])
async def test_what_is_no_object_is_no_order(text: str) -> None:
    with pytest.raises(ValueError, match="this is no order"):
        read_order(text, WEB)


async def test_nothing_is_decided_about_an_order_that_nobody_can_show() -> None:
    async with served(_world(owner=NO_ONE), WITH_TOKENS) as one:
        silent = await _act(one, f"{HELD}/release")
    async with served(_world(), WITH_TOKENS) as one:
        unknown, by_number = await _act(one, "commerce-9/release"), await _act(one, "SO-1001/release")

    assert (silent.status, unknown.status, by_number.status) == (503, 404, 404)
    assert "does not answer" in silent.json["error"]
    assert "unified id" in by_number.json["error"]


async def test_an_act_that_kafka_did_not_take_can_be_repeated() -> None:
    body = {**REASON, "act": "0123456789abcdef"}
    async with served(_world(), WITH_TOKENS) as one:
        one.acts.down = True
        failed = await _act(one, f"{HELD}/release", body)
        one.acts.down = False
        repeated = await _act(one, f"{HELD}/release", body)

    assert (failed.status, repeated.status) == (503, 202)


# ── what is written ──────────────────────────────────────────────────────────────────────────────


async def test_a_decision_is_audited_and_then_an_event_of_the_order() -> None:
    acts, log = app_acts()

    await acts.order(OrderAct(HELD, "RELEASED", "held check-failed"), MANDATE)

    (audit_topic, _, audit), (topic, key, event) = log.sent
    assert (audit_topic, topic, key) == ("audit.v1", "orders.event.v1", HELD.encode())
    assert (audit.action, audit.entity_type, audit.entity) == ("release-order", "order", HELD)
    assert (audit.before, audit.after, audit.reason) == ("held check-failed", "RELEASED", MANDATE.reason)
    assert isinstance(event, OrderEvent)
    assert (event.kind, event.order_id, event.source_system) == ("RELEASED", HELD, "operator")
    assert (event.actor, event.text, event.order) == (MANDATE.actor, MANDATE.reason, None)


async def test_the_same_decision_is_the_same_event_and_another_one_is_not() -> None:
    acts, log = app_acts()
    for mandate in (MANDATE, MANDATE, Mandate("act-2", "a", "b")):
        await acts.order(OrderAct(HELD, "REFUSED", "held"), mandate)

    ids = [model.event_id for topic, _, model in log.sent if topic == "orders.event.v1"]
    assert ids[0] == ids[1] != ids[2]


async def test_a_look_at_people_is_written_without_them() -> None:
    acts, log = app_acts()

    await acts.reveal_order(HELD, MANDATE)

    [(topic, _, audit)] = log.sent
    assert (topic, audit.action, audit.entity) == ("audit.v1", "reveal-order", HELD)
    assert b"canary" not in msgspec.json.encode(audit)
