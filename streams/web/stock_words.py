"""What is said about one SKU: the sentence on top, the words of a row's state, the names of the formula's terms."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from streams.web.envelope import State
from streams.web.stock_facts import RowFact, ShopFact, SourceFact
from streams.web.stock_parts import StockParts
from streams.web.words import age, ago, many, plain, seconds_since, upper_first

Words = tuple[State, str, str]

TERM_LABELS: Mapping[str, str] = {
    "on_hand": "on hand",
    "available": "stated as available",
    "wip": "work in progress",
    "on_hold": "on hold",
    "allocated": "allocated by the WMS",
    "channels": "other channels",
    "shipped": "shipped, not posted",
    "buffer": "buffer",
}

ROW_WORDS: Mapping[str, tuple[str, str]] = {
    "clean": ("ok", "acknowledged"),
    "dirty": ("wait", "goes out next"),
    "frozen": ("wait", "a call ended without an answer: looked up before it is written again"),
    "parked": ("warn", "parked: Commerce refused it alone without a reason, waits for its next version or try"),
    "dead": ("bad", "refused: set aside as a dead letter"),
    "no-base": ("unknown", "no full count yet: not written"),
    "unknown": ("unknown", "not known"),
}
"""State of a row → icon and word."""


def state_words(state: str, *, stands: bool) -> tuple[str, str]:
    """Icon and word; while the sink stands still nothing goes out next."""
    return ("wait", "waits: nothing goes out now") if stands and state == "dirty" else ROW_WORDS[state]


def formula(source: SourceFact) -> Iterator[tuple[str, str, int, str]]:
    """Name, label, sign and value of each term, in the order of the formula."""
    for term in source.terms:
        yield term.name, TERM_LABELS.get(term.name, term.name.replace("_", " ")), term.sign, term.value


def sentence(parts: StockParts, has_letters: bool) -> Words:  # noqa: FBT001  one fact beside the parts
    """What the shop shows, since when, and whether it is right."""
    if parts.missing:
        return "unknown", "Not everything is known", " ".join(parts.missing)
    if parts.ledger is None and not parts.rows:
        return _not_there(parts, has_letters)
    found = _as_written(parts._replace(asked_shop=parts.asked_shop and not parts.shop_error))
    if not parts.shop_error:
        return found
    if found[0] != "ok":
        return found[0], found[1], f"{found[2]} {upper_first(parts.shop_error)}."
    return "unknown", "Commerce did not tell", f"{upper_first(parts.shop_error)}. {found[2]}"


def _as_written(parts: StockParts) -> Words:
    """By ledger and lane, and by what the shop told where it was asked."""
    without_base = _without_base(parts)
    if without_base and not parts.rows:
        return "unknown", "Not written yet", without_base
    rows = parts.rows or ()
    for judge in (_refused, _on_the_way, _differs):
        found = judge(parts, rows)
        if found is not None:
            return found
    return _in_step(parts, rows, without_base)


def _not_there(parts: StockParts, has_letters: bool) -> Words:  # noqa: FBT001  as above
    letters = " Dead letters have it as key: see below." if has_letters else ""
    advice = " Upper and lower case count." if not has_letters or parts.near else ""
    text = f"Neither ledger nor lane know it: no record with this key was accepted.{letters}{advice}"
    return "unknown", "No record of this SKU", text


def _without_base(parts: StockParts) -> str:
    sources = parts.ledger.sources if parts.ledger is not None else ()
    places = sorted({place for source in sources for place in source.without_base})
    if not places:
        return ""
    changes = sum(source.changes for source in sources if not source.shown)
    parked = (
        f"; {many(changes, 'change')} {'is' if changes == 1 else 'are'} parked (no-base) and the shop is not written"
        if changes
        else ""
    )
    whose = "Location" if len(places) == 1 else "Locations"
    return f"{whose} {', '.join(places)} sent no full count yet{parked}."


def _refused(_parts: StockParts, rows: Sequence[RowFact]) -> Words | None:
    bad = [row for row in rows if row.state in ("dead", "parked")]
    if not bad:
        return None
    named = "; ".join(
        f"{row.source_code}: {row.reason or row.state}, the shop keeps {row.acked or 'nothing'} there" for row in bad
    )
    state: State = "stopped" if any(row.state == "dead" for row in bad) else "attention"
    return state, "Commerce refused a row", f"{named}."


def _on_the_way(parts: StockParts, rows: Sequence[RowFact]) -> Words | None:
    late = [row for row in rows if row.state in ("dirty", "frozen")]
    if not late:
        return None
    frozen = [row.source_code for row in late if row.state == "frozen"]
    since = min((row.dirty_since for row in late if row.dirty_since is not None), default=parts.as_of)
    how = f"{', '.join(frozen)} is looked up first" if frozen else f"{', '.join(row.source_code for row in late)} next"
    written, due = _total(row.acked for row in rows), _total(row.wanted for row in rows)
    waits = age(seconds_since(since, parts.as_of))
    if parts.standstill:
        return "attention", "Waits for Commerce", f"Written {written}, due {due} for {waits}. {parts.standstill}"
    text = f"Written {written}, due {due}: {how}, for {waits}."
    return "attention" if frozen else "ok", "On its way", text


def _differs(parts: StockParts, rows: Sequence[RowFact]) -> Words | None:
    """What Commerce answered just now against what it acknowledged."""
    if not parts.asked_shop:
        return None
    shop: dict[str, ShopFact] = {fact.source_code: fact for fact in parts.shop}
    off = [row for row in rows if not _same(shop.get(row.source_code), row)]
    if not off:
        return None
    pairs = "; ".join(f"{row.source_code} shows {_shown(shop.get(row.source_code))}, ours {row.acked}" for row in off)
    return "attention", "The shop shows something else", f"{pairs}. Somebody else may have changed it there."


def _same(fact: ShopFact | None, row: RowFact) -> bool:
    if fact is None or row.acked is None:
        return fact is None and row.acked is None
    return Decimal(fact.quantity) == Decimal(row.acked) and fact.in_stock == row.acked_in_stock


def _shown(fact: ShopFact | None) -> str:
    return "nothing" if fact is None else plain(fact.quantity)


def _in_step(parts: StockParts, rows: Sequence[RowFact], without_base: str) -> Words:
    at = max((row.acked_at for row in rows if row.acked_at is not None), default=None)
    written = "" if at is None else f", written {ago(seconds_since(at, parts.as_of))}"
    total = _total(row.acked for row in rows)
    more = f" {without_base}" if without_base else ""
    if parts.asked_shop:
        return "ok", "In step", f"Shop = ours: {total}{written}.{more}"
    asked = "" if parts.shop_error else " It was not asked just now."
    return "ok", "Written as decided", f"Commerce acknowledged {total}{written}.{asked}{more}"


def _total(values: Iterator[str | None]) -> str:
    known = [Decimal(value) for value in values if value is not None]
    return f"{sum(known, Decimal(0)):f}" if known else "nothing"
