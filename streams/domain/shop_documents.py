"""Whether a document of an order may be made at the shop: it is there already, may go with these lines, or may not.

The shop makes another document at every call, and cuts a shipment's quantity down without a word: so it is asked first
what it has, and nothing is asked for beyond what is left.  A document is ours where it carries our reference; one that
somebody else made of the same goods is taken for ours, so that people may help out at the shop.
Quantities and money are whole micros.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from schemas.models.command import Command
from schemas.models.document import LineQuantity, Shipment, ShopDocument, ShopOrder
from schemas.models.order_event import Track
from streams.domain.derived_id import derived_id
from streams.domain.shop_lines import (
    Left,
    ShopLines,
    amount_text,
    listed,
    moved_by,
    quantities,
    to_invoice,
    to_refund,
    to_ship,
)

REFERENCE_LENGTH = 16
"""It stands in comments that people read; it is compared within one order only."""
ROUNDING = 10_000
"""A cent: systems round sums differently."""
CANCELED = "canceled"
BY_HAND = "it was posted by hand"
BY_OTHERS = "the shop had it of somebody else"
NO_LINES = "it names no lines: all that was left"
NOTHING_LEFT = "nothing was left to cancel"


class Adopt(NamedTuple):
    """The shop has it: ids of what it has; more than one is for a person."""

    found: tuple[str, ...]
    why: str = ""


class Call(NamedTuple):
    """It may be made, with these lines; `note` says what was decided for want of better."""

    lines: tuple[LineQuantity, ...] = ()
    note: str = ""


class Refuse(NamedTuple):
    """A person must look; with the shop's value and ours.  `code` is kept with the order, `why` is not."""

    why: str
    code: str = ""


Decision = Adopt | Call | Refuse


def reference_of(command: Command) -> str:
    """What our document carries: the same for every attempt at the same thing.

    A comment may be due again with the same words; another attempt at it is another comment.
    """
    if command.kind == "ADD_COMMENT":
        return command.command_id[:REFERENCE_LENGTH]
    named = command.document if command.kind == "SET_RETURN_NUMBER" else None
    return derived_id(command.entity, command.kind, command.part or "", named or "")[:REFERENCE_LENGTH]


# ── what has no lines ────────────────────────────────────────────────────────────────────────────


def number(command: Command, shop: ShopOrder) -> Decision:
    """The ERP's number: an absolute value, so another one is written over."""
    if not command.document:
        return Refuse("the command names no number of the ERP")
    return Adopt((command.document,)) if shop.external_id == command.document else Call()


def comment(command: Command, texts: Iterable[str]) -> Decision:
    """`texts` are the order's history at the shop.  One that is there twice harms nobody."""
    reference = reference_of(command)
    return Adopt((reference,)) if any(reference in text for text in texts) else Call()


def cancellation(shop: ShopOrder) -> Decision:
    """What is neither shipped nor cancelled goes, where there is something."""
    if shop.state == CANCELED:
        return Adopt((shop.state,))
    return Call() if _open(shop) else Adopt((shop.state,), NOTHING_LEFT)


def cancelled(before: ShopOrder, after: ShopOrder) -> Adopt | Refuse:
    """What a cancellation came to, read back: the shop answers alike whether it did something or not."""
    left = _open(after)
    if after.state == CANCELED or not left:
        return Adopt((after.state,))
    said = f"the shop's order stays open in state {after.state}, with {left}"
    has_moved = any(line.shipped for line in after.lines) or _open(before) != left
    return Adopt((after.state,), said) if has_moved else Refuse(said, f"stays-open-in-{after.state}")


def _open(shop: ShopOrder) -> str:
    lines = ShopLines(shop)
    left = lines.all_left(to_ship)
    return listed(f"{amount_text(quantity)} of line {lines.told(line_id)}" for line_id, quantity in left.items())


# ── shipments ────────────────────────────────────────────────────────────────────────────────────


def shipment(
    command: Command, shop: ShopOrder, posted: Sequence[Shipment], taken: AbstractSet[str] | None = None
) -> Decision:
    """`posted` are all shipments of the order.

    `taken` are those that were adopted for other shipments of ours; None where none that was posted by hand may be.
    """
    reference = reference_of(command)
    if ours := tuple(one.internal_id for one in posted if one.reference == reference):
        return Adopt(ours)
    if not command.source_code:
        return Refuse("the shipment names no source")
    lines = ShopLines(shop)
    wanted = _wanted(command, lines)
    if isinstance(wanted, Refuse):
        return wanted
    by_hand = [one for one in posted if taken is not None and one.reference is None and one.internal_id not in taken]
    if same := [one for one in by_hand if _is_same(one, command, wanted, lines)]:
        shared = [one for one in same if _share(command.tracks, one.tracks)]
        return Adopt(((shared or same)[0].internal_id,), BY_HAND)
    return _too_much(wanted, lines, to_ship) or Call(quantities(lines.with_parents(wanted)))


def _is_same(one: Shipment, command: Command, wanted: Mapping[str, int], lines: ShopLines) -> bool:
    """The same goods from the same source, in cartons that are not known to be others."""
    source_is_other = one.source_code is not None and one.source_code != command.source_code
    cartons_are_others = bool(command.tracks and one.tracks) and not _share(command.tracks, one.tracks)
    moved = moved_by([one])
    are_all_there = all(lines.named_in(line_id, moved) for line_id in wanted)
    are_the_same = moved.items() <= lines.with_parents(wanted).items()
    return are_all_there and are_the_same and not source_is_other and not cartons_are_others


def _share(tracks: Iterable[Track], others: Iterable[Track]) -> bool:
    return bool({one.number for one in tracks} & {one.number for one in others})


# ── invoices and credit memos ────────────────────────────────────────────────────────────────────


def invoice(command: Command, shop: ShopOrder, posted: Sequence[ShopDocument], total: int | None) -> Decision:
    """`posted` are all invoices of the order, `total` is the whole order's money, None where nobody states it."""
    return _bill(command, shop, posted, to_invoice, None if total is None else total - _worth(posted))


def credit_memo(
    command: Command, shop: ShopOrder, posted: Sequence[ShopDocument], invoices: Sequence[ShopDocument]
) -> Decision:
    """`posted` are all credit memos of the order."""
    return _bill(command, shop, posted, to_refund, _worth(invoices) - _worth(posted))


def _bill(
    command: Command, shop: ShopOrder, posted: Sequence[ShopDocument], count: Left, remainder: int | None
) -> Decision:
    """A shop whose payment method invoices by itself has the document already, without our reference."""
    reference = reference_of(command)
    if ours := tuple(one.internal_id for one in posted if one.reference == reference):
        return Adopt(ours)
    lines, others = ShopLines(shop), [one for one in posted if one.reference is None]
    if not command.lines:
        return _whole(command, lines.all_left(count), lines, others, remainder)
    wanted = _wanted(command, lines)
    if isinstance(wanted, Refuse):
        return wanted
    refused = _too_much(wanted, lines, count)
    if refused and _are_covered(wanted, others, lines):
        return Adopt((others[0].internal_id,), BY_OTHERS)
    return refused or Call(quantities(lines.with_parents(wanted)))


def _whole(
    command: Command, left: Mapping[str, int], lines: ShopLines, others: Sequence[ShopDocument], remainder: int | None
) -> Decision:
    """A document without lines is about all that is left; one about less money than that is not made."""
    if not left:
        return Adopt((others[0].internal_id,), BY_OTHERS) if others else Refuse("the shop has nothing left for it")
    if command.amount is not None and remainder is not None and command.amount < remainder - ROUNDING:
        asked = amount_text(command.amount)
        return Refuse(f"the shop has {amount_text(remainder)} left, the document states {asked} and names no lines")
    return Call(quantities(lines.with_parents(left)), NO_LINES)


def _are_covered(wanted: Mapping[str, int], others: Sequence[ShopDocument], lines: ShopLines) -> bool:
    moved, whole = moved_by(others), lines.with_parents(wanted)
    names = [lines.named_in(line_id, moved) for line_id in wanted]
    return all(name is not None and moved[name] >= whole.get(name, moved[name] + 1) for name in names)


def _worth(documents: Iterable[ShopDocument]) -> int:
    return sum(one.total for one in documents)


# ── lines ────────────────────────────────────────────────────────────────────────────────────────


def _wanted(command: Command, lines: ShopLines) -> dict[str, int] | Refuse:
    """Quantity per line of the shop."""
    if not command.lines:
        return Refuse("the command names no lines")
    strangers = [line.line_id or line.sku for line in command.lines if line.line_id not in lines.by_id]
    if strangers:
        return Refuse(f"the shop's order has no line {listed(strangers)}")
    wanted: Counter[str] = Counter()
    for line in command.lines:
        wanted[line.line_id or ""] += line.quantity
    return dict(wanted)


def _too_much(wanted: Mapping[str, int], lines: ShopLines, count: Left) -> Refuse | None:
    room = {line_id: lines.left(line_id, count) for line_id in wanted}
    said = listed(
        f"{amount_text(room[line_id])} left of line {lines.told(line_id)}, asked {amount_text(quantity)}"
        for line_id, quantity in wanted.items()
        if quantity > room[line_id]
    )
    return Refuse(f"the shop has {said}") if said else None
