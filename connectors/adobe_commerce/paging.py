"""Reading every row of a list route.

A page past the end repeats the last one in many versions, so the end is known from `total_count`, never from an empty
page; and a page that brings nothing new ends the reading too, so that no server makes this run for ever.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from connectors.adobe_commerce.criteria import Criteria
from connectors.adobe_commerce.wire import Page

T = TypeVar("T")


async def every_row(fetch: Callable[[Criteria], Awaitable[Page[T]]], criteria: Criteria) -> list[T]:
    """All different rows that match; the page number of `criteria` is not used."""
    rows: dict[T, None] = {}
    number = 1
    while True:
        page = await fetch(replace(criteria, page=number))
        known = len(rows)
        rows.update(dict.fromkeys(page.items))
        if len(rows) >= page.total_count or len(rows) == known:
            return list(rows)
        number += 1
