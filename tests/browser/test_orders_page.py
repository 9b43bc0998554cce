"""Orders for people: the queues, one order, its acts; whole and quiet at every width, hostile text inert."""

from collections.abc import Callable

import msgspec
import pytest

from streams.web import order_facts as o
from tests.browser.checks import looked_at, signed_in
from tests.browser.conftest import Lab
from tests.browser.devtools import Tab
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, REVEAL, WITH_TOKENS
from tests.unit.streams.web.order_worlds import ID, MINUTE, NOW, orders
from tests.unit.streams.web.scenes import HOSTILE, NO_ONE
from tests.unit.streams.web.test_shipment_words import shipment
from tests.unit.streams.web.worlds import HOUR, Served, World, served

pytestmark = pytest.mark.browser
HELD, WAITS, SHIPPED = "commerce-000004712", "commerce-000004713", "commerce-000004715"
SIZES = ((1280, "light"), (1280, "dark"), (768, "light"), (360, "light"), (360, "dark"), (320, "light"))


def _busy() -> World:
    world = scenes.busy()
    short = o.LaneStandFact("paused", (o.ShortFact("PUMP-200", "2", "4"),))
    posting = {SHIPPED: (shipment(short, part="P-2", at=NOW - 12 * MINUTE), shipment(part="P-3", after="P-2"))}
    world.orders = orders(w.entry(), w.held(), w.waiting(), w.doubled(), _shipped(), posting=posting)
    return world


def _shipped() -> o.EntryFact:
    """Two shipments, one of them posted, the other one waiting; a third of a line still to come."""
    parts = (
        o.PartFact("SHIPMENT", "P-1", "north", "", ("dhl 00340001",), is_done=True, posted="91"),
        o.PartFact("SHIPMENT", "P-2", "south", "", (), is_done=False, posted=""),
    )
    lines = (
        w.line(ordered="12", allocated="12", picked="8", packed="8", shipped="8", delivered="4"),
        w.line("SEAL-9", line_id="502", ordered="7.5", cancelled="0.5", promised_at=NOW + 600 * MINUTE),
    )
    works = (w.work(), w.work("commerce", target="adobe_commerce"))
    return w.entry(
        SHIPPED,
        state="partially-shipped",
        stage="partially-shipped",
        parts=parts,
        lines=lines,
        works=works,
        asked=(("commerce", "CREATE_SHIPMENT", "P-2"),),
    )


def _hostile() -> World:
    text = HOSTILE.replace("\ud800", "\ufffd")[:300]
    bad = w.held(
        "commerce-_3cb_3e",
        number=text,
        channel=text,
        erp_number=text,
        currency=text[:40],
        holds=(o.HoldFact(text, text, NOW - MINUTE),),
        lines=(w.line(text, line_id=text, work_order=text, make_to_order=True),),
        documents=(o.DocumentFact(text, text, text),),
        parked=(o.ParkedFact(text, text, (text,), NOW + MINUTE),),
        parts=(o.PartFact(text, text, text, text, (text,), is_done=False, posted=text),),
        said=(o.SaidFact(NOW - MINUTE, text, text, text, text, text, text, "counts"),),
        works=(w.work(target=text, why=text, state="open", pending=(o.PendingFact(text, text, NOW - MINUTE),)),),
    )
    world = scenes.calm()
    world.orders = orders(bad)
    return world


def _many() -> World:
    world = scenes.calm()
    made = [w.held(f"commerce-{n:09d}") for n in range(150)]
    world.orders = orders(*made, more=4_850)
    return world


def _silent() -> World:
    world = _busy()
    world.others = {NO_ONE: (5, 6)}
    return world


def _calm() -> World:
    world = scenes.calm()
    world.orders = orders(w.entry())
    return world


def _gone() -> World:
    world = _busy()
    assert world.orders is not None
    world.orders.owner = NO_ONE
    return world


PAGES: dict[str, tuple[Callable[[], World], str, int]] = {
    "orders": (_busy, "/orders", 200),
    "orders-calm": (_calm, "/orders", 200),
    "orders-many": (_many, "/orders", 200),
    "orders-silent": (_silent, "/orders", 200),
    "orders-off": (scenes.calm, "/orders", 200),
    "orders-hostile": (_hostile, "/orders", 200),
    "order": (_busy, f"/orders/{ID}", 200),
    "order-held": (_busy, f"/orders/{HELD}", 200),
    "order-waits": (_busy, f"/orders/{WAITS}", 200),
    "order-doubled": (_busy, "/orders/commerce-000004714", 200),
    "order-shipped": (_busy, f"/orders/{SHIPPED}", 200),
    "order-hostile": (_hostile, "/orders/commerce-_3cb_3e", 200),
    "order-gone": (_gone, f"/orders/{ID}", 200),
    "order-none": (_calm, "/orders/commerce-9", 404),
    "order-several": (_busy, "/orders?q=SO-1001", 200),
    "overview-orders": (_busy, "/", 200),
}


def _opening(label: str) -> str:
    return f"[...document.querySelectorAll('[data-act]')].find((b) => b.textContent === '{label}').click()"


async def _open(lab: Lab, one: Served, path: str, token: str = OPERATE) -> Tab:
    tab = await lab.tab()
    await signed_in(tab, token)
    await tab.look(1280)
    await tab.open(one.url + path)
    return tab


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_quiet_at_every_width_and_theme(lab: Lab, name: str) -> None:
    world, path, status = PAGES[name]

    async def check() -> list[str]:
        async with served(world(), WITH_TOKENS) as one:
            tab = await lab.tab()
            await signed_in(tab)
            address = one.url + path
            return await looked_at(lab, tab, one, name, address, sizes=SIZES, closely=SIZES[:2], status=status)

    assert lab.run(check()) == []


def test_a_person_releases_a_held_order_with_a_reason(lab: Lab) -> None:
    async def check() -> tuple[list[tuple[object, ...]], str, str]:
        async with served(_busy(), WITH_TOKENS) as one:
            tab = await _open(lab, one, f"/orders/{HELD}")
            await tab.js(
                "[...document.querySelectorAll('[data-act]')].find((b) => b.textContent === 'Release').click()"
            )
            focus = await tab.js("document.activeElement.id")
            await tab.type("price agreed")
            await lab.keep(tab, "dialog-release")
            await tab.js("document.getElementById('act-do').click(); document.getElementById('act-do').click()")
            await tab.until("document.getElementById('act-answer').textContent.startsWith('Done')")
            return one.acts.done, focus, await tab.js("document.getElementById('act-answer').textContent")

    done, focus, said = lab.run(check())
    assert [act[:3] for act in done] == [("order", HELD, "RELEASED")]
    assert focus == "act-reason"
    assert said.startswith(f"Done: {HELD} is released")


def test_a_rejection_asks_for_the_orders_id_first(lab: Lab) -> None:
    async def check() -> tuple[str, list[bool], list[tuple[object, ...]]]:
        async with served(_busy(), WITH_TOKENS) as one:
            tab = await _open(lab, one, f"/orders/{HELD}")
            opening = (
                "[...document.querySelectorAll('[data-act]')].find((b) => b.textContent.startsWith('Reject')).click()"
            )
            await tab.js(opening)
            focus = await tab.js("document.activeElement.id")
            shut = [await tab.js("document.getElementById('act-do').disabled")]
            await tab.js("document.getElementById('act-confirm').focus()")
            await tab.type(HELD[:-1])
            shut.append(await tab.js("document.getElementById('act-do').disabled"))
            await tab.type(HELD[-1])
            shut.append(await tab.js("document.getElementById('act-do').disabled"))
            await tab.js("document.getElementById('act-reason').focus()")
            await tab.type("placed twice")
            await lab.keep(tab, "dialog-reject")
            await tab.js("document.getElementById('act-do').click()")
            await tab.until("document.getElementById('act-answer').textContent.startsWith('Done')")
            return focus, shut, one.acts.done

    focus, shut, done = lab.run(check())
    assert (focus, shut) == ("act-cancel", [True, True, False])
    assert [act[:3] for act in done] == [("order", HELD, "REFUSED")]


def test_who_may_only_read_sees_the_acts_shut_and_nobody_named(lab: Lab) -> None:
    async def check() -> tuple[int, str, str]:
        async with served(_busy(), WITH_TOKENS) as one:
            tab = await _open(lab, one, f"/orders/{HELD}", READ)
            acts = await tab.js("document.querySelectorAll('main [data-act]').length")
            shut = await tab.js("document.querySelector('main button[disabled]').textContent")
            return acts, shut, await tab.js("document.body.textContent")

    acts, shut, text = lab.run(check())
    assert (acts, shut) == (0, "Release")
    assert "Needs the role operate" in text
    assert "canary" not in text


def test_people_are_shown_on_request_and_stay_while_the_page_renews_itself(lab: Lab) -> None:
    async def check() -> tuple[str, str, list[tuple[object, ...]]]:
        async with served(_busy(), WITH_TOKENS) as one:
            tab = await _open(lab, one, f"/orders/{ID}", REVEAL)
            await tab.js("document.querySelector('main [data-act]').click()")
            await tab.type("customer called")
            await tab.js("document.getElementById('act-do').click()")
            await tab.until("!document.getElementById('revealed').hidden")
            await tab.press("Escape")
            told = await tab.js("document.getElementById('revealed').textContent")
            before = await tab.js("document.documentElement.dataset.csrf = 'old'")
            await tab.js("document.dispatchEvent(new Event('visibilitychange'))")
            await tab.until("document.documentElement.dataset.csrf !== 'old'")
            after = await tab.js("document.getElementById('revealed').textContent")
            await lab.keep(tab, "order-revealed")
            assert before == "old"
            return told, after, one.acts.done

    told, after, done = lab.run(check())
    assert told == after == "customer: Test Buyer\ncustomer mail: canary-buyer@example.com"
    assert done == [("reveal-order", ID, "token (reveal)", "customer called")]


def test_a_search_opens_the_order_and_the_queue_follows_what_happens(lab: Lab) -> None:
    async def check() -> tuple[str, str, str]:
        world = _busy()
        async with served(world, WITH_TOKENS) as one:
            tab = await _open(lab, one, "/orders")
            await tab.js("document.getElementById('q').focus()")
            await tab.type("000004711")
            await tab.press("Enter")
            await tab.until(f"location.pathname === '/orders/{ID}'")
            where = await tab.js("location.pathname")
            await tab.open(f"{one.url}/orders")
            before = await tab.js("document.querySelector('[data-verdict]').textContent")
            assert world.orders is not None
            freed = world.orders.entries[HELD]
            world.orders.entries[HELD] = msgspec.structs.replace(freed, holds=(), state="placed")
            world.clock.advance(HOUR)
            await tab.js("document.dispatchEvent(new Event('visibilitychange'))")
            await tab.until("document.querySelector('[data-verdict]').textContent.startsWith('1 order')")
            return where, before, await tab.js("document.querySelector('[data-verdict]').textContent")

    where, before, after = lab.run(check())
    assert where == f"/orders/{ID}"
    assert (before, after) == ("2 orders wait for a decision", "1 order waits for a decision")


def test_a_cancellation_asks_for_the_orders_id_first_and_is_shut_where_it_is_not_legal(lab: Lab) -> None:
    async def check() -> tuple[list[bool], list[tuple[object, ...]], str]:
        world = _busy()
        assert world.orders is not None
        gone = w.entry("commerce-000004716", state="shipped", stage="shipped")
        world.orders.entries[gone.order_id] = gone
        async with served(world, WITH_TOKENS) as one:
            tab = await _open(lab, one, f"/orders/{ID}")
            await tab.js(_opening("Cancel the order …"))
            shut = [await tab.js("document.getElementById('act-do').disabled")]
            await tab.js("document.getElementById('act-confirm').focus()")
            await tab.type(ID)
            await tab.js("document.getElementById('act-reason').focus()")
            await tab.type("the customer called")
            shut.append(await tab.js("document.getElementById('act-do').disabled"))
            await lab.keep(tab, "dialog-cancel")
            await tab.js("document.getElementById('act-do').click()")
            await tab.until("document.getElementById('act-answer').textContent.startsWith('Done')")
            await tab.open(f"{one.url}/orders/{gone.order_id}")
            why = await tab.js("document.getElementById('cancel-h').parentNode.textContent")
            return shut, one.acts.done, why

    shut, done, why = lab.run(check())
    assert shut == [True, False]
    assert [act[1:3] for act in done] == [(ID, "CANCEL_REQUESTED")]
    assert "It is shipped: its goods have left." in why


def test_the_sink_of_a_role_is_paused_from_its_card(lab: Lab) -> None:
    async def check() -> list[tuple[object, ...]]:
        async with served(_busy(), WITH_TOKENS) as one:
            tab = await _open(lab, one, "/")
            await tab.js("document.querySelector('#order-sink-crm [data-act]').click()")
            await tab.type("maintenance")
            await tab.js("document.getElementById('act-do').click()")
            await tab.until("document.getElementById('act-answer').textContent.startsWith('Done')")
            return one.acts.done

    assert [act[:4] for act in lab.run(check())] == [("sink", "crm", "shadow", "run")]
