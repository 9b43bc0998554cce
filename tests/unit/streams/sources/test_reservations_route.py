"""Reservations over a real socket: what is granted, what is refused and why, and what a repeat finds."""

from collections.abc import AsyncIterator
from decimal import Decimal
from functools import partial

import pytest

from streams.domain.quantities import MICROS
from tests.unit.streams.domain.ledger import SKU
from tests.unit.streams.sources.reserving import TOKENS, Reserving, reserving
from tests.unit.streams.sources.senders import ask

pytestmark = pytest.mark.anyio
KEY = "Idempotency-Key"


@pytest.fixture
async def one() -> AsyncIterator[Reserving]:
    """Ten are there."""
    async with reserving() as found:
        yield found


# ── granted ──────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_there_is_held_and_the_answer_says_where_and_until_when(one: Reserving) -> None:
    answer = await one.reserve(quantity="2.5", ttl_seconds=60)

    told = answer.json
    assert answer.status == 201
    assert (told["sku"], told["quantity"], told["state"], told["left"]) == (SKU, "2.5", "held", "7.5")
    assert told["sources"] == [{"source": "W1", "quantity": "2.5"}]
    assert told["expires_at"].startswith("2026-03-02T09:01:00")
    assert told["shop"] == {"checked": "shop", "age_seconds": 0.0}
    assert told["provisional"] is False


async def test_a_repeat_is_the_first_answer_and_asks_nobody_again(one: Reserving) -> None:
    first = await one.reserve()
    again = await one.reserve()

    assert (first.status, again.status) == (201, 200)
    assert again.json["id"] == first.json["id"]
    assert len(one.owner.requests) == 1


async def test_the_same_key_of_another_client_is_another_reservation(one: Reserving) -> None:
    mine, theirs = await one.reserve(), await one.reserve(client="edi")

    assert mine.json["id"] != theirs.json["id"]
    assert (await one.ask("GET", f"/v1/reservations/{theirs.json['id']}")).status == 404


@pytest.mark.parametrize(("changes", "field"), [({"quantity": "2"}, "quantity"), ({"ttl_seconds": 60}, "ttl_seconds")])
async def test_the_same_key_for_another_wish_is_refused_and_says_what_differs(
    one: Reserving, changes: dict[str, str], field: str
) -> None:
    await one.reserve()

    answer = await one.reserve(**changes)

    assert answer.status == 422
    assert field in answer.json["error"]


async def test_the_last_units_are_provisional_until_the_shop_shows_that_they_are_gone() -> None:
    async with reserving(units=1) as one:
        one.owner.shop_is_slow = True
        answer = await one.reserve()
        name = answer.json["id"]
        before = (await one.ask("GET", f"/v1/reservations/{name}")).json["provisional"]
        one.owner.show(SKU)
        after = (await one.ask("GET", f"/v1/reservations/{name}")).json["provisional"]

    assert (answer.status, answer.json["provisional"], before, after) == (201, True, True, False)


async def test_a_checkout_of_the_shop_is_not_taken_off_what_the_shop_shows() -> None:
    async with reserving(units=1) as one:
        mine = await one.reserve(client="web")
        theirs = await one.reserve(client="pos")

    assert (mine.status, mine.json["provisional"], "sources" in mine.json) == (201, False, False)
    assert (theirs.status, theirs.json["available"]) == (409, "0")


# ── what becomes of it ───────────────────────────────────────────────────────────────────────────


async def test_confirmed_then_released_each_as_often_as_one_likes(one: Reserving) -> None:
    name = (await one.reserve()).json["id"]
    order = {"order_id": "pos-1"}

    done = [await one.act(name, "confirm", order) for _ in range(2)]
    other = await one.act(name, "confirm", {"order_id": "pos-2"})
    back = [await one.act(name, "release") for _ in range(2)]
    late = await one.act(name, "confirm", order)

    assert [(each.status, each.json["state"], each.json["order_id"]) for each in done] == [
        (200, "confirmed", "pos-1")
    ] * 2
    assert "expires_at" not in done[0].json
    assert [(each.status, each.json["state"]) for each in back] == [(200, "released")] * 2
    assert (other.status, late.status) == (409, 409)
    assert "released" in late.json["error"]


# ── refused ──────────────────────────────────────────────────────────────────────────────────────


async def test_more_than_there_is_is_told_with_what_there_is(one: Reserving) -> None:
    answer, again = await one.reserve(quantity="11"), await one.reserve(quantity="11")

    assert (answer.status, answer.json["available"], answer.json["reservation"]["state"]) == (409, "10", "refused")
    assert (again.status, again.json["available"]) == (409, "10")


async def test_what_orders_of_the_shop_have_is_not_there(one: Reserving) -> None:
    one.shop.quantities[SKU] = 8 * MICROS

    assert (await one.reserve(quantity="3")).json["available"] == "2"


async def test_an_unknown_sku_is_not_found(one: Reserving) -> None:
    answer = await one.reserve(sku="NO-SUCH")

    assert (answer.status, one.owner.requests) == (404, [])


@pytest.mark.parametrize("header", [None, "Bearer ", f"Bearer {TOKENS['pos']}x", f"Basic {TOKENS['pos']}", "Bearer ü"])
async def test_nobody_asks_without_a_token(one: Reserving, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}

    answer = await ask(f"{one.url}/v1/availability?sku={SKU}", None, headers)

    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_too_many_requests_of_one_client_do_not_harm_another() -> None:
    async with reserving(per_s=2) as one:
        mine = [(await one.ask("GET", f"/v1/availability?sku={SKU}")) for _ in range(3)]
        theirs = await one.ask("GET", f"/v1/availability?sku={SKU}", client="edi")
        one.clock.after(0.6)
        later = await one.ask("GET", f"/v1/availability?sku={SKU}")

    assert [each.status for each in mine] == [200, 200, 429]
    assert mine[2].headers["Retry-After"] == "1"
    assert (theirs.status, later.status) == (200, 200)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "the body"),
        (b"[]", "the body"),
        (b'{"sku": "A", "quantity": "1", "more": 1}', "the body"),
        (b'{"quantity": "1"}', "sku"),
        (b'{"sku": " A", "quantity": "1"}', "sku"),
        (b'{"sku": "A"}', "quantity"),
        (b'{"sku": "A", "quantity": 0}', "quantity"),
        (b'{"sku": "A", "quantity": -1}', "quantity"),
        (b'{"sku": "A", "quantity": "1.00001"}', "quantity"),
        (b'{"sku": "A", "quantity": "NaN"}', "quantity"),
        (b'{"sku": "A", "quantity": "1", "ttl_seconds": 0}', "ttl_seconds"),
        (b'{"sku": "A", "quantity": "1", "ttl_seconds": 86401}', "ttl_seconds"),
        (b'{"sku": "A", "quantity": "1", "ttl_seconds": "60"}', "ttl_seconds"),
    ],
)
async def test_a_wish_that_is_none_is_told_with_its_field(one: Reserving, body: bytes, field: str) -> None:
    answer = await one.ask("POST", "/v1/reservations", body, **{KEY: "k"})

    assert (answer.status, answer.json["fields"][0]["field"]) == (400, field)
    assert one.owner.requests == []


async def test_a_wish_without_a_key_is_told_so(one: Reserving) -> None:
    answer = await one.ask("POST", "/v1/reservations", {"sku": SKU, "quantity": "1"})

    assert (answer.status, answer.json["fields"][0]["field"]) == (400, KEY)


# ── when others are silent ───────────────────────────────────────────────────────────────────────


async def test_a_silent_owner_is_told_and_the_same_key_finds_what_was_decided_later() -> None:
    async with reserving(answer_ms=50) as one:
        one.owner.silent = True
        silent = await one.reserve()
        one.owner.decide(one.owner.requests[0])
        later = await one.reserve()

    assert (silent.status, KEY in silent.json["error"], silent.headers["Retry-After"]) == (503, True, "1")
    assert (later.status, later.json["state"], len(one.owner.requests)) == (200, "held", 1)


async def test_what_the_owner_came_to_too_late_is_asked_anew(one: Reserving) -> None:
    one.owner.late = True
    late = await one.reserve()
    one.owner.late = False
    again = await one.reserve()

    assert (late.status, again.status) == (503, 201)
    assert one.owner.entries[SKU].source("W1").allocated == 1_000_000


async def test_kafka_that_does_not_acknowledge_is_told(one: Reserving) -> None:
    one.owner.away = True

    assert (await one.reserve()).status == 503


async def test_a_slow_shop_costs_its_time_out_and_what_it_told_lately_is_used_and_said(one: Reserving) -> None:
    await one.reserve("warm")
    one.shop.slow = True
    one.clock.after(10)

    answer = await one.reserve()

    assert answer.status == 201
    assert answer.json["shop"] == {"checked": "cache", "age_seconds": 10.0, "why": "no answer within 0.05 s"}


async def test_a_shop_that_told_nothing_lately_lets_nothing_be_promised(one: Reserving) -> None:
    await one.reserve("warm")
    one.shop.away = True
    one.clock.after(31)

    answer = await one.reserve()

    assert (answer.status, len(one.owner.requests)) == (503, 1)
    assert "shop" in answer.json["error"]


async def test_where_the_shop_has_no_orders_of_its_own_it_is_not_asked() -> None:
    async with reserving() as one:
        one.shop.quantities[SKU] = None
        assert (await one.reserve()).json["available"] == "0"


# ── availability ─────────────────────────────────────────────────────────────────────────────────


async def test_availability_comes_from_memory_and_says_how_old_it_is(one: Reserving) -> None:
    first = (await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=2")).json
    one.clock.after(2)
    second = (await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=2")).json

    assert (first["available"], first["left"], first["checked"]) == (True, "10", "shop")
    assert (second["checked"], second["age_seconds"], len(one.shop.asked)) == ("cache", 2.0, 1)


async def test_a_reading_that_is_no_longer_fresh_is_renewed_beside_the_answer(one: Reserving) -> None:
    ask = partial(one.ask, "GET", f"/v1/availability?sku={SKU}&quantity=2")
    await ask()
    one.clock.after(8)
    one.shop.quantities[SKU] = 3 * MICROS
    second, third = (await ask()).json, (await ask()).json

    assert (second["left"], second["checked"], second["age_seconds"]) == ("10", "cache", 8.0)
    assert (third["left"], third["checked"], third["age_seconds"], len(one.shop.asked)) == ("7", "cache", 0.0, 2)


async def test_nobody_waits_while_a_shop_that_is_silent_is_asked_for_what_is_known() -> None:
    async with reserving(shop_ms=5000) as one:
        await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=2")
        one.clock.after(20)
        one.shop.slow = True
        told = [(await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=2")).json for _ in range(2)]

    assert [(found["left"], found["checked"], found["age_seconds"]) for found in told] == [("10", "cache", 20.0)] * 2
    assert len(one.shop.asked) == 2


async def test_for_the_last_units_the_shop_is_asked_each_time_and_a_fallback_is_marked(one: Reserving) -> None:
    for _ in range(2):
        await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=8")
    one.shop.away = True
    told = (await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=8")).json

    assert len(one.shop.asked) == 3
    assert (told["available"], told["checked"], told["why"]) == (True, "cache", "TargetUnavailableError")


async def test_what_is_reserved_is_no_longer_available(one: Reserving) -> None:
    await one.reserve(quantity="4")
    await one.reserve("k2", quantity="5", client="web")

    told = (await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=2")).json

    assert (told["available"], told["left"]) == (False, "1")


async def test_a_configured_product_has_as_many_as_its_scarcest_component() -> None:
    components = {"SET": {SKU: "2", "B": "0.5"}}
    async with reserving(components=components) as one:
        one.owner.holds("B", 3)
        told = (await one.ask("GET", "/v1/availability?sku=SET&quantity=5")).json
        refused = await one.reserve(sku="SET")

    assert (told["available"], told["left"], told["components"]) == (True, "5", {SKU: "10", "B": "3"})
    assert (refused.status, "A, B" in refused.json["error"]) == (422, True)


@pytest.mark.parametrize("query", ["", "sku=", "sku=A&quantity=x", "sku=A&sku=B", "sku=A&more=1"])
async def test_a_question_that_is_none_is_told_with_its_parameter(one: Reserving, query: str) -> None:
    assert (await one.ask("GET", f"/v1/availability?{query}")).status == 400


async def test_availability_of_an_unknown_sku_is_not_found(one: Reserving) -> None:
    assert (await one.ask("GET", "/v1/availability?sku=NO-SUCH")).status == 404


async def test_for_the_last_units_the_warehouse_is_asked_and_no_more_than_it_has_is_said() -> None:
    async with reserving(check_at="rest_wms", check_ms=5000) as one:
        one.warehouse.stock[SKU] = Decimal(4)
        plenty = (await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=1")).json
        scarce = (await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=8")).json

    assert (plenty["left"], plenty["checked"]) == ("10", "shop")
    assert (scarce["available"], scarce["left"], scarce["checked"]) == (False, "4", "erp")
    assert one.warehouse.asked == [SKU]


@pytest.mark.parametrize(("fault", "why"), [("slow", "no answer within 0.05 s"), ("away", "TargetUnavailableError")])
async def test_a_warehouse_that_does_not_tell_costs_its_time_out_and_the_fallback_is_marked(
    fault: str, why: str
) -> None:
    async with reserving(check_at="rest_wms", check_ms=50) as one:
        setattr(one.warehouse, fault, True)
        told = (await one.ask("GET", f"/v1/availability?sku={SKU}&quantity=8")).json

    assert (told["available"], told["checked"]) == (True, "cache")
    assert why in told["why"]


async def test_a_shared_component_is_looked_up_however_much_there_is() -> None:
    async with reserving(check_at="rest_wms", check_ms=5000, components={"SET": {SKU: "1"}}) as one:
        one.warehouse.stock[SKU] = Decimal(9)
        told = (await one.ask("GET", "/v1/availability?sku=SET")).json

    assert (told["left"], told["checked"], one.warehouse.asked) == ("9", "erp", [SKU])
