"""docs/order-words.md: what the words of WMS, ERP, carriers and channels mean, from the tables that the flow reads."""

from collections.abc import Iterable

from schemas.models.order_event import OrderEventKind
from streams.cli.doc_pages.markdown import page, table
from streams.domain.order_words import CARRIER, ERP, ERP_KINDS, NEED_LINES, RETURNS, SAID_BY_SYSTEMS, WMS


def order_words() -> str:
    return page(
        "Words of the systems",
        "What each system says of an order, and the event that it becomes.\n"
        "A word that stands for nothing makes no event, unless it names a date: then it is `DATE_MOVED`.\n"
        "A word that is in no table becomes `UNKNOWN`, which changes nothing and is told with the word.",
        "## Steps of a WMS\n\n"
        "`step` of `wms.fulfilment-event.v1`.\nReplace entries with `STREAMS_ORDERS__WORDS__WMS`.\n\n"
        + _table(WMS.items()),
        "## Status of an ERP\n\n"
        "`status` of `erp.order-event.v1`, where `kind` is absent; upper and lower case are the same.\n"
        "Add and replace entries with `STREAMS_ORDERS__WORDS__ERP`.\n\n" + _table(ERP.items()),
        "## Kinds of an ERP\n\n`kind` of `erp.order-event.v1`; it goes before `status`.\n\n"
        + _table(ERP_KINDS.items()),
        "## What a carrier says\n\n`what` of `carrier.event.v1`.\n\n" + _table(CARRIER.items()),
        "## States of a return\n\n`state` of `commerce.return.v1`.\n\n" + _table(RETURNS.items()),
        "## Events that a word may stand for\n\n" + ", ".join(f"`{kind}`" for kind in SAID_BY_SYSTEMS) + ".",
    )


def _table(words: Iterable[tuple[str, OrderEventKind | None]]) -> str:
    return table(("word", "event"), [(f"`{word}`", _event(word, kind)) for word, kind in words])


def _event(word: str, kind: OrderEventKind | None) -> str:
    if kind is None:
        return "–"
    return f"`{kind}`, with lines; without them `UNKNOWN`" if word in NEED_LINES else f"`{kind}`"
