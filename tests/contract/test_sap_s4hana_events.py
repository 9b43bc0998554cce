"""What a list of changes costs SAP."""

import pytest

from tests.contract.order_event_source import drain
from tests.contract.order_event_sources.sap_s4hana import SapLedger, opened


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def reads_of_items(ledger: SapLedger) -> int:
    return sum(one.path.endswith("/to_Item") for one in ledger.simulator.journal.entries())


@pytest.mark.anyio
async def test_an_order_of_the_overlap_that_did_not_change_is_not_read_again() -> None:
    async with opened({}) as ledger:
        for number in range(5):
            await ledger.make(f"web-{number}")
        _, cursor = await drain(ledger.source, "")
        before = reads_of_items(ledger)

        await ledger.happens("web-3", "confirm")
        events, _ = await drain(ledger.source, cursor)

        assert {one.order_id for one in events} == {"web-3"}
        assert reads_of_items(ledger) == before + 1


@pytest.mark.anyio
async def test_who_begins_anew_reads_every_order_again() -> None:
    async with opened({}) as ledger:
        for number in range(5):
            await ledger.make(f"web-{number}")
        first, _ = await drain(ledger.source, "")

        again, _ = await drain(ledger.source, "")

        assert [one.event_id for one in again] == [one.event_id for one in first]
