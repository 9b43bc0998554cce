"""What every reference port promises, real or in memory; modules in reference_sources/ say how one is opened."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pytest

from connectors.core.errors import ConfigurationError
from connectors.core.reference_ports import ReferencePage

Rows = Literal["products", "prices", "accounts"]
NAMES = [f"A-{number}" for number in range(5)]


class Shelf(Protocol):
    """A source with one port opened on it, and what the suite lets people do behind the port's back."""

    async def page(self, cursor: str) -> ReferencePage[Any]:
        """The port's method."""
        ...

    async def check(self) -> None:
        """The port's."""
        ...

    def another_worker(self) -> None:
        """From now on the port is that of a process that remembers nothing."""
        ...

    async def put(self, name: str, *, marked: bool = False) -> str:
        """The row is there, a second after what was before; its key.

        Marked: an item that is no longer sold, a price of 12 USD instead of 10, an account without credit.
        """
        ...

    async def delete(self, name: str) -> None:
        """It is gone without a trace."""
        ...


@dataclass(frozen=True, kw_only=True)
class ReferenceCase:
    """One way of opening one port of one source."""

    name: str
    rows: Rows
    opened: Callable[[], AbstractAsyncContextManager[Shelf]]

    def key(self, row: Any) -> str:
        return str(row.account_id if self.rows == "accounts" else row.sku)

    def is_marked(self, row: Any) -> bool:
        if self.rows == "products":
            return bool(row.is_discontinued)
        if self.rows == "accounts":
            return bool(row.credit == "REFUSED")
        return [one.price for one in row.prices if one.currency == "USD"] == [12_000_000]


async def drain(shelf: Shelf, cursor: str) -> tuple[list[Any], str]:
    """Until there is no more for now."""
    found: list[Any] = []
    for _ in range(100):
        page = await shelf.page(cursor)
        found += page.rows
        cursor = page.cursor
        if page.is_end:
            return found, cursor
    raise AssertionError("the list has no end")


class ReferenceSuite:
    """The source holds no row."""

    @pytest.mark.anyio
    async def test_a_check_of_a_healthy_source_is_quiet(self, shelf: Shelf) -> None:
        await shelf.check()

    @pytest.mark.anyio
    async def test_where_there_is_nothing_the_list_has_an_end(self, shelf: Shelf) -> None:
        page = await shelf.page("")

        assert (list(page.rows), page.is_end) == ([], True)

    @pytest.mark.anyio
    async def test_the_first_reading_tells_every_row_however_old_it_is(self, case: ReferenceCase, shelf: Shelf) -> None:
        keys = [await shelf.put(name) for name in NAMES]

        rows, _ = await drain(shelf, "")

        assert list(dict.fromkeys(case.key(row) for row in rows)) == keys
        assert not any(case.is_marked(row) for row in rows)

    @pytest.mark.anyio
    async def test_what_changes_is_told_as_it_is_now(self, case: ReferenceCase, shelf: Shelf) -> None:
        keys = [await shelf.put(name) for name in NAMES]
        _, cursor = await drain(shelf, "")
        await shelf.put("A-1", marked=True)
        new = await shelf.put("B-1")

        rows, _ = await drain(shelf, cursor)

        told = dict.fromkeys((case.key(row), case.is_marked(row)) for row in rows)
        assert list(told)[-2:] == [(keys[1], True), (new, False)]

    @pytest.mark.anyio
    async def test_where_nothing_changed_the_cursor_stays_and_what_is_told_is_known(
        self, case: ReferenceCase, shelf: Shelf
    ) -> None:
        for name in NAMES:
            await shelf.put(name)
        before, cursor = await drain(shelf, "")

        again, behind = await drain(shelf, cursor)

        assert behind == cursor
        assert all(row in before for row in again)

    @pytest.mark.anyio
    async def test_what_changes_while_the_list_is_read_is_told_and_hides_no_other(
        self, case: ReferenceCase, shelf: Shelf
    ) -> None:
        keys = [await shelf.put(name) for name in NAMES]
        first = await shelf.page("")
        await shelf.put("A-0", marked=True)
        await shelf.put("A-3", marked=True)

        rest, _ = await drain(shelf, first.cursor)

        newest = {case.key(row): case.is_marked(row) for row in (*first.rows, *rest)}
        assert newest == {key: number in {0, 3} for number, key in enumerate(keys)}

    @pytest.mark.anyio
    async def test_another_worker_goes_on_from_the_cursor_and_misses_nothing(
        self, case: ReferenceCase, shelf: Shelf
    ) -> None:
        keys = [await shelf.put(name) for name in NAMES]
        first = await shelf.page("")
        shelf.another_worker()

        rest, cursor = await drain(shelf, first.cursor)
        await shelf.put("A-2", marked=True)
        shelf.another_worker()
        changed, _ = await drain(shelf, cursor)

        assert {case.key(row) for row in (*first.rows, *rest)} == set(keys)
        assert {case.key(row) for row in changed if case.is_marked(row)} == {keys[2]}

    @pytest.mark.anyio
    async def test_a_row_that_is_gone_is_missing_when_all_are_read(self, case: ReferenceCase, shelf: Shelf) -> None:
        keys = [await shelf.put(name) for name in NAMES]
        await shelf.delete("A-2")

        rows, _ = await drain(shelf, "")

        assert {case.key(row) for row in rows} == set(keys) - {keys[2]}

    @pytest.mark.anyio
    @pytest.mark.parametrize("cursor", ["x", "1|", "2|5||", "1|5|' OR 1|", "1|5|-|"])
    async def test_a_cursor_of_somebody_else_is_refused(self, shelf: Shelf, cursor: str) -> None:
        with pytest.raises(ConfigurationError):
            await shelf.page(cursor)
