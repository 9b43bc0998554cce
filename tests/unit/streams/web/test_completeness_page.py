"""The closing of a day as people see it: what is missing by name, and what is not known."""

import msgspec
import pytest

from streams.domain.closing import AtTarget, Finding, Kind, Log, Open, Page, State
from streams.domain.log_count import LogCount, Missing
from streams.web.completeness_facts import CompletenessFact
from tests.unit.streams.web.asking import Answer, get
from tests.unit.streams.web.worlds import NOW, SECOND, World, served, worker

pytestmark = pytest.mark.anyio

PAGE = "/api/v1/completeness"
DAY = 86_400 * SECOND
FACTS = CompletenessFact(refusal="", at="03:30", orders_at="04:30")


def closed(**changes: object) -> Page:
    plain = Page(
        flow="orders",
        opened_at=NOW - DAY,
        closed_at=NOW - 3600 * SECOND,
        made_at=NOW - 1800 * SECOND,
        states={State.DELIVERED: 410, State.HELD: 2},
        open=(Open(NOW - 7200 * SECOND, "web-7", State.HELD, "price"),),
        logs=(Log("erp.command.v1", 0, LogCount(0, 412, 412)),),
        targets=(AtTarget("erp", "netsuite", wanted=412, there=412, total={"USD": 1_000_000}, lines=900),),
    )
    return msgspec.structs.replace(plain, **changes)


FOUND = Finding(Kind.NOT_AT_TARGET, "web-9", "netsuite web-9", "CREATE_ORDER <b>", NOW - 5000 * SECOND)
GONE = Finding(Kind.RECORD_GONE, "", "erp.command.v1[0] offset 3", "perhaps of web-9")


async def asked(*pages: Page, path: str = PAGE, lane: bool = True) -> Answer:
    own = worker(completeness=FACTS)
    if not lane:
        own = msgspec.structs.replace(own, lane=None, completeness=None)
    async with served(World(own=own, kept_pages=pages)) as one:
        return await get(one.url + path)


async def test_a_page_that_closes_says_how_many_entities_ended_and_when_the_next_one_comes() -> None:
    answer = await asked(closed())

    assert (answer.json["state"], answer.data["headline"]) == ("ok", "Everything closes")
    assert answer.data["sentence"] == "412 source entities, each in one state. A page is made daily at 03:30 UTC."
    states = {one["state"]: one["number"] for one in answer.data["pages"][0]["states"]}
    assert states == {"delivered": 410, "superseded": 0, "held": 2, "parked": 0, "dead": 0, "refused": 0} | {
        "in-flight": 0,
        "missing": 0,
    }


async def test_what_is_missing_is_named_with_its_place_and_what_to_do() -> None:
    answer = await asked(closed(findings=(FOUND, GONE), found=2))

    assert (answer.json["state"], answer.data["headline"]) == ("attention", "Not closed: orders")
    first, second = answer.data["pages"][0]["findings"]
    assert (first["entity"], first["where"], first["href"]) == ("web-9", "netsuite web-9", "/orders/web-9")
    assert "--requeue" in first["advice"]
    assert (second["entity"], second["href"]) == ("", "")


async def test_names_of_others_are_inert_on_the_page() -> None:
    page = await asked(closed(findings=(FOUND,), found=1), path="/completeness")

    assert page.status == 200
    assert "CREATE_ORDER &lt;b&gt;" in page.text
    assert "CREATE_ORDER <b>" not in page.text


async def test_a_target_that_could_not_be_asked_leaves_the_page_open() -> None:
    away = AtTarget("erp", "netsuite", wanted=412, why="TargetUnavailableError: 503")
    answer = await asked(closed(targets=(away,)))

    assert answer.json["state"] == "attention"
    assert "a target that could not be asked" in answer.data["sentence"]


async def test_a_log_that_is_short_is_counted_by_topic() -> None:
    short = Log("erp.command.v1", 1, LogCount(0, 10, 9, (Missing(3, 4),), 1))
    answer = await asked(closed(logs=(*closed().logs, short), findings=(GONE,), found=1))

    assert answer.data["pages"][0]["logs"] == [{"topic": "erp.command.v1", "records": 421, "missing": 1}]


async def test_a_page_of_long_ago_is_overdue() -> None:
    answer = await asked(closed(made_at=NOW - 2 * DAY))

    assert (answer.json["state"], answer.data["headline"]) == ("attention", "The daily page is overdue")


async def test_pages_of_a_day_are_those_that_end_on_it() -> None:
    old = closed(closed_at=NOW - 3 * DAY)
    answer = await asked(closed(), old, path=f"{PAGE}?date=2001-01-01")

    assert answer.data["pages"] == []
    assert answer.data["headline"] == "Completeness is not known"
    assert "on 2001-01-01" in answer.data["sentence"]


async def test_what_is_no_date_is_refused_with_how_to_write_one() -> None:
    answer = await asked(path=f"{PAGE}?date=yesterday")

    assert answer.status == 400
    assert "write it like" in answer.json["error"]


async def test_pages_that_cannot_be_read_are_not_known() -> None:
    async with served(World(own=worker(completeness=FACTS), kept_pages=None)) as one:
        answer = await get(one.url + PAGE)

    assert answer.json["state"] == "unknown"
    assert "cannot be read" in answer.data["sentence"]


async def test_without_a_lane_the_kept_pages_are_shown_and_no_run_may_begin() -> None:
    answer = await asked(closed(), lane=False)

    assert answer.data["refusal"] == "no worker that answered has the stock lane"
    assert len(answer.data["pages"]) == 1


async def test_a_run_that_this_worker_does_not_know_is_404() -> None:
    answer = await asked(path=f"{PAGE}/own?run=now-1")

    assert answer.status == 404
