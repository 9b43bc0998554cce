"""Why does the shop show this number?  Ledger and rows of one SKU as one value, with what is not known said."""

from datetime import datetime

import msgspec

from streams.web.envelope import Envelope, State
from streams.web.letter_groups import Letter
from streams.web.needs_sink import standstill
from streams.web.situation import Situation
from streams.web.stock_facts import CauseFact, LedgerFact, ReservationFact, RowFact, ScopeFact, ShopFact, SourceFact
from streams.web.stock_parts import StockParts
from streams.web.stock_words import formula, sentence, state_words
from streams.web.words import moment, moment_or_none


class Term(msgspec.Struct, frozen=True):
    """One term of the formula; a term of 0 stays."""

    name: str
    label: str
    sign: int
    value: str


class Written(msgspec.Struct, frozen=True):
    """A value that Commerce acknowledged."""

    value: str
    in_stock: bool
    version: str
    at: datetime | None


class InShop(msgspec.Struct, frozen=True):
    """What Commerce answered just now, in its own writing: 120.0000."""

    value: str
    in_stock: bool
    at: datetime


class SourceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One source: what we want, what was written, what the shop shows; None is not known."""

    source: str
    desired: str | None
    desired_in_stock: bool | None
    written: Written | None
    in_shop: InShop | None
    state: str
    icon: str
    word: str
    since: datetime | None
    terms: tuple[Term, ...]
    without_base: tuple[str, ...]
    changes: int
    holds: int
    shipped: str | None = None
    """What has left and is not posted yet: the shop shows it on top of what is desired; None where there is none."""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """One bucket of one location."""

    location: str
    bucket: str
    system: str
    owner: str
    value: str
    base: str | None
    base_at: datetime | None
    newest_at: datetime | None
    deltas: int
    suspect: bool


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A record behind the number."""

    place: str
    at: datetime | None
    kind: str | None
    bucket: str | None
    location: str | None
    quantity: str | None
    reason: str | None


class Reserved(msgspec.Struct, frozen=True, kw_only=True):
    """A reservation that holds stock."""

    id: str
    client: str
    state: str
    quantity: str
    sources: tuple[str, ...]
    expires_at: datetime | None
    order_id: str | None
    since: datetime


class LetterHint(msgspec.Struct, frozen=True):
    """Dead letters that have the SKU as key."""

    reason: str
    letters: int
    href: str


class StockView(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU."""

    sku: str
    state: State
    icon: str
    headline: str
    sentence: str
    owner: str | None
    lane_owner: str | None
    missing: tuple[str, ...]
    """What is left out, and why."""
    found: bool
    version: str
    sources: tuple[SourceLine, ...]
    locations: tuple[Scope, ...]
    causes: tuple[Cause, ...]
    dead_letters: tuple[LetterHint, ...]
    near: tuple[str, ...]
    reservations: tuple[Reserved, ...]
    promisable: str | None
    """What may still be reserved, before the shop's own open orders."""
    asked_shop: bool
    shop_error: str


def stock_page(parts: StockParts, letters: list[Letter], at: Situation) -> Envelope[StockView]:
    """What holds up the sink is said in the words of the overview."""
    parts = parts._replace(standstill=standstill(at))
    ledger, lines = parts.ledger, _lines(parts)
    state, headline, text = sentence(parts, bool(letters))
    moving = state == "ok" and any(line.icon == "wait" for line in lines)
    view = StockView(
        sku=parts.sku,
        state=state,
        icon="wait" if moving else state,
        headline=headline,
        sentence=text,
        owner=parts.owner,
        lane_owner=parts.lane_owner,
        missing=parts.missing,
        found=ledger is not None or bool(parts.rows),
        version="" if ledger is None else ledger.version,
        sources=lines,
        locations=() if ledger is None else tuple(_scope(one) for one in ledger.scopes),
        causes=() if ledger is None else tuple(_cause(one) for one in ledger.causes),
        dead_letters=_hints(letters),
        near=parts.near,
        reservations=() if ledger is None else tuple(_reserved(one) for one in ledger.reservations),
        promisable=None if ledger is None else ledger.promisable,
        asked_shop=parts.asked_shop,
        shop_error=parts.shop_error,
    )
    return Envelope(moment(parts.as_of), at.fleet.own.worker, state, view, at.fleet.workers)


def _reserved(one: ReservationFact) -> Reserved:
    return Reserved(
        id=one.id,
        client=one.client,
        state=one.state,
        quantity=one.quantity,
        sources=one.sources,
        expires_at=moment_or_none(one.expires_at),
        order_id=one.order_id,
        since=moment(one.decided_at),
    )


def _lines(parts: StockParts) -> tuple[SourceLine, ...]:
    """Every source that the ledger or the lane knows, by code."""
    wanted = {one.source_code: one for one in _sources(parts.ledger)}
    rows = {one.source_code: one for one in parts.rows or ()}
    shop = {one.source_code: one for one in parts.shop}
    return tuple(
        _line(code, wanted.get(code), rows.get(code), _in_shop(shop.get(code)), stands=bool(parts.standstill))
        for code in sorted({*wanted, *rows, *shop})
    )


def _sources(ledger: LedgerFact | None) -> tuple[SourceFact, ...]:
    return () if ledger is None else ledger.sources


def _line(  # noqa: PLR0913  one source, from everybody who knows it
    code: str, source: SourceFact | None, row: RowFact | None, shop: InShop | None, *, stands: bool
) -> SourceLine:
    state = row.state if row is not None else ("no-base" if source is not None and not source.shown else "unknown")
    icon, word = state_words(state, stands=stands)
    return SourceLine(
        source=code,
        desired=source.desired if source is not None else (row.wanted if row is not None else None),
        desired_in_stock=source.in_stock if source is not None else (row.wanted_in_stock if row is not None else None),
        written=_written(row),
        in_shop=shop,
        state=state,
        icon=icon,
        word=f"{word}: {row.reason}" if row is not None and row.reason else word,
        since=moment_or_none(row.dirty_since) if row is not None else None,
        terms=_terms(source),
        without_base=() if source is None else source.without_base,
        changes=0 if source is None else source.changes,
        holds=0 if source is None else source.holds,
        shipped=row.shipped if row is not None and row.shipped != "0" else None,
    )


def _terms(source: SourceFact | None) -> tuple[Term, ...]:
    return () if source is None else tuple(Term(*one) for one in formula(source))


def _written(row: RowFact | None) -> Written | None:
    if row is None or row.acked is None:
        return None
    return Written(row.acked, bool(row.acked_in_stock), row.acked_version, moment_or_none(row.acked_at))


def _in_shop(fact: ShopFact | None) -> InShop | None:
    return None if fact is None else InShop(fact.quantity, fact.in_stock, moment(fact.at))


def _scope(one: ScopeFact) -> Scope:
    return Scope(
        location=one.location,
        bucket=one.bucket,
        system=one.source_system,
        owner=one.owner_code,
        value=one.value,
        base=one.base,
        base_at=moment_or_none(one.base_at),
        newest_at=moment_or_none(one.newest_at),
        deltas=one.remembered,
        suspect=one.suspect,
    )


def _cause(one: CauseFact) -> Cause:
    return Cause(
        place=f"{one.topic} [{one.partition}] @ {one.offset}",
        at=moment_or_none(one.at),
        kind=one.kind,
        bucket=one.bucket,
        location=one.location,
        quantity=one.quantity,
        reason=one.reason,
    )


def _hints(letters: list[Letter]) -> tuple[LetterHint, ...]:
    by_group: dict[str, list[Letter]] = {}
    for letter in letters:
        by_group.setdefault(letter.group, []).append(letter)
    return tuple(LetterHint(some[0].reason, len(some), f"/dead-letters/{group}") for group, some in by_group.items())
