"""What orders are checked against is on the first page, in its JSON and in `status`: how much, and how old."""

import msgspec
import pytest

from streams.web.facts import ReferenceFact
from streams.web.overview import overview
from tests.unit.streams.cli.calling import run
from tests.unit.streams.cli.calling import worker as asked
from tests.unit.streams.cli.test_asking_a_worker import ONLY_READ
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import get
from tests.unit.streams.web.situations import of
from tests.unit.streams.web.worlds import NOW, SECOND, World, served, worker

KNOWN = ReferenceFact("erp.product.v1", 200_000, 0, 0, NOW - 90 * SECOND, caught_up=True)


def checking(*tables: ReferenceFact) -> World:
    return scenes.calm_but(reference=tables)


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [
        ({}, "ok", "Known"),
        ({"caught_up": False, "lag_records": 9}, "unknown", "Being read"),
        ({"rows": 0, "newest_at": 0}, "attention", "Empty"),
        ({"unreadable": 2}, "attention", "Partly unreadable"),
    ],
)
def test_a_table_says_how_it_stands(changes: dict[str, object], state: str, word: str) -> None:
    fact = msgspec.structs.replace(KNOWN, **changes)

    [line] = overview(of(worker(reference=(fact,)))).data.reference

    assert (line.state, line.word, line.topic, line.worker) == (state, word, "erp.product.v1", "worker-1")
    assert (line.newest_at is None) is (fact.newest_at == 0)


def test_each_worker_holds_its_own() -> None:
    lines = overview(of(worker(1, reference=(KNOWN,)), worker(2, (1,), reference=(KNOWN,)))).data.reference

    assert [line.worker for line in lines] == ["worker-1", "worker-2"]


@pytest.mark.anyio
async def test_the_first_page_shows_the_tables_where_there_are_any() -> None:
    async with served(checking(KNOWN)) as one:
        page = await get(one.url)
    async with served(checking()) as one:
        without = await get(one.url)

    assert "What orders are checked against" in page.text
    assert "200,000" in page.text
    assert "What orders are checked against" not in without.text


def test_status_tells_of_them_too() -> None:
    with asked(checking(KNOWN)) as url:
        shown = run("status", "--url", url, settings=ONLY_READ)

    assert shown.exit_code == 0
    [line] = [line for line in shown.output.splitlines() if line.startswith("erp.product.v1")]
    assert "200000" in line.split()
