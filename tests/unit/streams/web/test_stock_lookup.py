"""Why does the shop show this number: any worker answers, the owner is asked, and what is not known is said."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import msgspec
import pytest
from aiohttp import web

from streams.web.stock_facts import ShopFact
from tests.fakes.servers import web_server
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, WITH_TOKENS, Answer, bearer, get
from tests.unit.streams.web.scenes import NO_ONE
from tests.unit.streams.web.worlds import NOW, SECOND, World, ledger, letter, row, served, source, worker

pytestmark = pytest.mark.anyio


async def _look(world: World, path: str = "/api/v1/stock?sku=PUMP-200") -> Answer:
    async with served(world) as one:
        return await get(one.url + path)


async def test_what_was_decided_written_and_is_under_way_stands_side_by_side() -> None:
    world = scenes.calm()
    world.lane_rows = scenes.busy().lane_rows
    answer = await _look(world)

    assert (answer.json["state"], answer.data["icon"], answer.data["headline"]) == ("ok", "wait", "On its way")
    assert answer.data["sentence"] == "Written 194, due 190.7: south next, for 0 s."
    north, south = answer.data["sources"]
    assert (north["desired"], north["written"]["value"], north["in_shop"], north["state"]) == (
        "120",
        "120",
        None,
        "clean",
    )
    assert (south["desired"], south["written"]["value"], south["icon"]) == ("70.7", "74", "wait")


async def test_the_formula_keeps_its_zero_terms_and_adds_up() -> None:
    answer = await _look(scenes.calm())
    north = answer.data["sources"][0]

    assert [term["name"] for term in north["terms"]] == [
        "on_hand", "available", "wip", "on_hold", "allocated", "channels", "shipped", "buffer",
    ]  # fmt: skip
    assert sum(term["sign"] * float(term["value"]) for term in north["terms"]) == float(north["desired"])


async def test_the_owner_is_asked_and_told_wherever_the_question_arrives() -> None:
    """The ledger lies at worker-2, the lane at worker-1; both workers give the same answer."""
    first, second = World(own=worker(1)), World(own=worker(2), lane_owner=None)
    second.ledgers, first.lane_rows = {"PUMP-200": ledger()}, scenes.calm().lane_rows
    async with served(first, WITH_TOKENS) as one, served(second, WITH_TOKENS) as two:
        first.others, second.others = {two.url: ()}, {one.url: ()}
        first.ledger_owner, second.lane_owner = two.url, one.url
        for asked in (one, two):
            await get(f"{asked.url}/status", bearer(READ))
        answers = [await get(f"{asked.url}/api/v1/stock?sku=PUMP-200", bearer(READ)) for asked in (one, two)]

    for answer in answers:
        assert answer.data["missing"] == []
        assert (answer.data["owner"], answer.data["lane_owner"]) == ("worker-2", "worker-1")
        assert [line["written"]["value"] for line in answer.data["sources"]] == ["120", "70.7"]
        assert len(answer.data["locations"]) == 2


async def test_an_owner_that_is_gone_is_named_and_the_rest_is_shown() -> None:
    world = scenes.calm()
    world.ledger_owner, world.others = NO_ONE, {NO_ONE: (3,)}
    answer = await _look(world)

    assert answer.json["state"] == "unknown"
    assert answer.data["missing"] == [
        "127.0.0.1:1 owns this SKU and does not answer (the connection was refused): the ledger is left out."
    ]
    assert [line["written"]["value"] for line in answer.data["sources"]] == ["120", "70.7"]
    assert answer.data["locations"] == []


async def test_an_owner_that_hangs_costs_two_seconds() -> None:
    hanging = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await hanging.wait()
        return web.Response()

    async with web_server(hang) as url:
        world = scenes.calm()
        world.lane_owner, world.others = url, {}
        async with asyncio.timeout(10):
            answer = await _look(world)
        hanging.set()

    assert "does not answer (no answer in 2 s): what was written is left out." in answer.data["missing"][0]
    assert answer.data["sources"][0]["desired"] == "120"
    assert answer.data["sources"][0]["written"] is None


async def test_a_partition_that_nobody_owns_is_said_to_be_shared_out() -> None:
    world = scenes.calm()
    world.ledger_owner = None
    answer = await _look(world)

    assert answer.data["missing"][0].startswith("Nobody owns this SKU at the moment")


async def test_an_owner_that_lost_the_partition_meanwhile_is_not_believed() -> None:
    """It answers, but no longer for this key: that is not the same as knowing nothing of the SKU."""
    second = World(own=worker(2), ledger_owner="elsewhere")
    async with served(second) as two:
        world = scenes.calm()
        world.ledger_owner, world.others = two.url, {two.url: ()}
        answer = await _look(world)

    assert "is taking over this SKU" in answer.data["missing"][0]
    assert answer.json["state"] == "unknown"


async def test_an_unknown_sku_names_near_ones_and_its_dead_letters() -> None:
    world = scenes.calm()
    world.nearby = ("PUMP-20", "pump-200")
    world.letters = [letter(1, key="PUMP-2000", reason="wrong-key"), letter(2, key="PUMP-2000", reason="wrong-key")]
    answer = await _look(world, "/api/v1/stock?sku=PUMP-2000")

    assert (answer.data["found"], answer.data["headline"]) == (False, "No record of this SKU")
    assert answer.data["near"] == ["PUMP-20", "pump-200"]
    assert [(hint["reason"], hint["letters"]) for hint in answer.data["dead_letters"]] == [("wrong-key", 2)]


async def test_a_location_without_a_count_is_named_and_its_changes_are_parked() -> None:
    world = World(
        ledgers={"X": ledger("X", sources=(source("north", None, shown=False, without_base=("WMS-01",), changes=31),))}
    )
    answer = await _look(world, "/api/v1/stock?sku=X")

    assert answer.data["sentence"] == (
        "Location WMS-01 sent no full count yet; 31 changes are parked (no-base) and the shop is not written."
    )
    assert answer.data["sources"][0]["state"] == "no-base"


async def test_commerce_is_asked_on_request_only_and_compared() -> None:
    world = scenes.calm()
    async with served(world) as one:
        await get(f"{one.url}/stock?sku=PUMP-200")
        before = world.asked_shop
        same = await get(f"{one.url}/api/v1/stock/shop?sku=PUMP-200")
        world.shops["PUMP-200"] = (ShopFact("north", "119", in_stock=True, at=NOW),)
        other = await get(f"{one.url}/api/v1/stock/shop?sku=PUMP-200")

    assert (before, world.asked_shop) == (0, 2)
    assert (same.json["state"], same.data["headline"]) == ("ok", "In step")
    assert same.data["sentence"] == "Shop = ours: 190.7, written 14 s ago."
    assert other.json["state"] == "attention"
    assert "north shows 119, ours 120; south shows nothing, ours 70.7" in other.data["sentence"]


@pytest.mark.parametrize(
    ("scene", "why"),
    [
        (scenes.outage, "Adobe Commerce does not take our calls."),
        (scenes.busy, "Adobe Commerce refuses us: a person must act."),
    ],
)
async def test_a_row_is_not_said_to_go_out_next_while_nothing_goes_out(scene: Callable[[], World], why: str) -> None:
    answer = await _look(scene())
    south = answer.data["sources"][1]

    assert (answer.json["state"], answer.data["headline"]) == ("attention", "Waits for Commerce")
    assert answer.data["sentence"].endswith(f". {why}")
    assert (south["icon"], south["word"]) == ("wait", "waits: nothing goes out now")


async def test_what_the_shop_shows_is_written_on_the_page_as_we_write_it() -> None:
    async with served(scenes.calm()) as one:
        told = await get(f"{one.url}/api/v1/stock/shop?sku=PUMP-200")
        page = await get(f"{one.url}/stock?sku=PUMP-200&ask=1")

    assert [line["in_shop"]["value"] for line in told.data["sources"]] == ["120.0000", "70.7"]
    assert "120.0000" not in page.text
    assert 'data-l="In the shop" class="num">120 ' in page.text


async def test_a_shop_that_is_down_leaves_the_rest_standing() -> None:
    world = scenes.calm()
    world.shop_down = True
    answer = await _look(world, "/api/v1/stock/shop?sku=PUMP-200")

    assert answer.json["state"] == "unknown"
    assert answer.data["shop_error"] == "Commerce did not tell: TargetUnavailableError, connection refused"
    assert answer.data["sources"][0]["written"]["value"] == "120"


async def test_a_shop_that_is_down_does_not_hide_that_rows_wait() -> None:
    world = scenes.outage()
    world.shop_down = True
    answer = await _look(world, "/api/v1/stock/shop?sku=PUMP-200")

    assert (answer.json["state"], answer.data["headline"]) == ("attention", "Waits for Commerce")
    assert answer.data["sentence"].endswith("Commerce did not tell: TargetUnavailableError, connection refused.")


@pytest.mark.parametrize(
    ("state", "wanted", "headline"),
    [
        ("dead", "stopped", "Commerce refused a row"),
        ("parked", "attention", "Commerce refused a row"),
        ("frozen", "attention", "On its way"),
    ],
)
async def test_a_row_that_is_held_says_so(state: str, wanted: str, headline: str) -> None:
    world = scenes.calm()
    held = row("south", "70.7", "74", state=state, reason="unknown-source", dirty_since=NOW - 30 * SECOND)
    world.lane_rows["PUMP-200"] = (held, row("north", "1", "1"))
    answer = await _look(world)

    assert (answer.json["state"], answer.data["headline"]) == (wanted, headline)


@pytest.mark.parametrize("sku", ["", " X", "X ", "a\x00b", "x" * 65, "\ud800"])
async def test_what_cannot_be_a_sku_is_refused_before_anything_is_asked(sku: str) -> None:
    world = scenes.calm()
    world.ledger_owner = NO_ONE
    answer = await _look(world, "/api/v1/stock?sku=" + quote(sku.encode("utf-8", "surrogatepass")))

    assert answer.status == 400
    assert "1 to 64 characters" in answer.json["error"]


@pytest.mark.parametrize("sku", ["..", "a/b", "%2e%2e", "é", "日本 1", "+", "a&b=c#d", "<b>"])
async def test_any_other_text_is_looked_up_as_it_is(sku: str) -> None:
    world = World(ledgers={sku: ledger(sku)}, lane_rows={sku: (row("north", "1", "1"),)})
    async with served(world) as one:
        answer = await get(f"{one.url}/api/v1/stock?sku={quote(sku, safe='')}")
        page = await get(f"{one.url}/stock?sku={quote(sku, safe='')}")

    assert (answer.status, answer.data["sku"], answer.data["found"]) == (200, sku, True)
    assert page.status == 200


async def test_more_than_ten_look_ups_in_a_second_are_refused_and_then_not() -> None:
    world = scenes.calm()
    async with served(world) as one:
        statuses = [(await get(f"{one.url}/api/v1/stock?sku=PUMP-200")).status for _ in range(12)]
        world.clock.advance(timedelta(seconds=1))
        after = await get(f"{one.url}/stock?sku=PUMP-200")

    assert statuses == [200] * 10 + [429] * 2
    assert after.status == 200


async def test_what_one_worker_holds_is_for_other_workers_and_asks_nobody() -> None:
    world = scenes.calm()
    world.lane_owner = NO_ONE
    async with served(world, WITH_TOKENS) as one:
        own = await get(f"{one.url}/api/v1/stock/own?sku=PUMP-200", bearer(READ))
        without = await get(f"{one.url}/api/v1/stock/own?sku=PUMP-200")
        empty = await get(f"{one.url}/api/v1/stock/own", bearer(OPERATE))

    assert (own.json["has_ledger"], own.json["has_rows"], own.json["ledger"]["version"]) == (True, False, "1.412")
    assert (without.status, empty.status) == (401, 400)


async def test_a_long_list_of_causes_is_told_newest_first_with_what_is_lost() -> None:
    answer = await _look(scenes.calm())
    first, lost = answer.data["causes"]

    assert (first["place"], first["at"], first["quantity"]) == (
        "wms.stock-change.v1 [3] @ 88120",
        "2026-11-21T02:13:53Z",
        "-1",
    )
    assert (lost["at"], lost["quantity"]) == (None, None)
    assert msgspec.json.encode(answer.data)


async def test_what_is_shipped_and_not_posted_is_said_beside_the_formula() -> None:
    world = scenes.calm()
    world.lane_rows = {"PUMP-200": (row("north", "123", "123", shipped="3"), row("south", "70.7", "70.7"))}
    answer = await _look(world)
    async with served(world) as one:
        page = await get(f"{one.url}/stock?sku=PUMP-200")

    assert [line["shipped"] for line in answer.data["sources"]] == ["3", None]
    assert "On top of it 3: shipped, not yet posted." in page.text


async def test_what_is_reserved_is_told_with_who_has_it_and_when_it_ends() -> None:
    async with served(scenes.calm()) as one:
        told = (await get(f"{one.url}/api/v1/stock?sku=PUMP-200")).data
        page = (await get(f"{one.url}/stock?sku=PUMP-200")).text

    held, confirmed = told["reservations"]
    assert (held["client"], held["state"], held["quantity"], held["sources"]) == ("pos", "held", "2", ["north: 2"])
    assert (held["expires_at"] is None, confirmed["expires_at"], confirmed["order_id"]) == (False, None, "edi-88")
    assert told["promisable"] == "190.7"
    reserved = page.partition("What is reserved")[2].partition("</section>")[0]
    assert "edi-88" in reserved
    assert "with its order" in reserved
