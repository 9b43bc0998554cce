"""What each target should hold of an order, by what it acknowledged, against what it shows now."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from schemas.models.document import Held
from streams.domain.closing import AtTarget, Finding, Kind
from streams.domain.order_closing import Answered, Asked, OrderEvidence
from streams.domain.references import booking_reference, task_reference

CENT = 10_000
"""Micros by which a total may differ per line: systems round lines, or the whole."""


class Wanted(NamedTuple):
    """A document that a target acknowledged, or is to make; money in micros, None where it is not compared.

    `why` says why it may be missing: it is held, in flight, dead; "" where the target acknowledged it.
    """

    order_id: str
    role: str
    reference: str
    what: str
    since: int = 0
    total: int | None = None
    currency: str = ""
    lines: int = 0
    why: str = ""


class OrderMoney(NamedTuple):
    """What an order comes to, as its channel stated it; `goods` are lines as an ERP books them, `bought` as a CRM."""

    number: str
    channel: str
    total: int | None
    currency: str
    goods: int
    bought: int


def wanted_of(one: OrderEvidence, money: OrderMoney, why: str) -> Iterator[Wanted]:
    """By role; `why` says why the order waits, where it does.

    What was cancelled at a target may be there or not.  The shop is asked for orders that it was told of.
    """
    cancelled = {(answer.role, answer.part) for answer in _applied(one) if answer.kind in _CANCELS}
    newest = _newest(one)
    for key, command in newest.items():
        role, kind, part = key
        if kind not in _CREATES or (role, part) in cancelled:
            continue
        is_done = any((answer.role, answer.kind, answer.part) == key for answer in _applied(one))
        waits = "" if is_done else f"{command.kind} in {command.table}" + (f": {why}" if why else "")
        plain = Wanted(one.order_id, role, one.order_id, f"{kind} {part}".strip(), command.record.at, why=waits)
        yield _MADE[kind](plain, command, money)
    if any(answer.role == "commerce" for answer in _applied(one)):
        yield Wanted(one.order_id, "commerce", money.number, "the order", total=money.total, currency=money.currency)


def _applied(one: OrderEvidence) -> Iterator[Answered]:
    return (answer for answer in one.answers.values() if answer.state == "APPLIED")


def _newest(one: OrderEvidence) -> Mapping[tuple[str, str, str], Asked]:
    """Of each request the newest command."""
    found: dict[tuple[str, str, str], Asked] = {}
    for command in one.commands.values():
        key = (command.role, command.kind, command.part)
        if key not in found or found[key].record.at <= command.record.at:
            found[key] = command
    return found


def _order(plain: Wanted, _command: Asked, money: OrderMoney) -> Wanted:
    return plain._replace(total=money.total, currency=money.currency, lines=money.goods)


def _task(plain: Wanted, command: Asked, _money: OrderMoney) -> Wanted:
    return plain._replace(reference=task_reference(plain.order_id, command.part))


def _record(plain: Wanted, _command: Asked, money: OrderMoney) -> Wanted:
    return plain._replace(lines=money.bought)


def _booking(plain: Wanted, command: Asked, money: OrderMoney) -> Wanted:
    reference = booking_reference(plain.order_id, command.kind, command.part)
    return plain._replace(reference=reference, total=command.amount, currency=money.currency)


_MADE: Mapping[str, Callable[[Wanted, Asked, OrderMoney], Wanted]] = MappingProxyType(
    {
        "CREATE_ORDER": _order,
        "CREATE_TASK": _task,
        "RECORD_ORDER": _record,
        "POST_INVOICE": _booking,
        "POST_PAYMENT": _booking,
        "POST_CREDIT": _booking,
    }
)
_CREATES = frozenset(_MADE)
_CANCELS = frozenset({"CANCEL_ORDER", "CANCEL_TASK"})


class Compared(NamedTuple):
    """One target: sums, findings, and documents that are missing for a reason."""

    sums: AtTarget
    findings: tuple[Finding, ...]
    explained: tuple[Wanted, ...]


def compared(role: str, target: str, wanted: Sequence[Wanted], held: Iterable[Held]) -> Compared:
    """Every document of `wanted` once; what is held and not wanted is somebody else's."""
    by_reference: dict[str, list[Held]] = {}
    for there in held:
        by_reference.setdefault(there.reference, []).append(there)
    findings: list[Finding] = []
    explained: list[Wanted] = []
    numbers = Counter[str]()
    total = Counter[str]()
    for one in wanted:
        found = by_reference.get(one.reference, [])
        numbers["there"] += bool(found)
        for document in found[:1]:
            numbers["lines"] += document.lines or 0
            if document.total is not None and document.currency:
                total[document.currency] += document.total
        if not found and one.why:
            explained.append(one)
        for finding in _judged(one, target, found):
            findings.append(finding)
            numbers[finding.kind] += 1
    sums = AtTarget(
        role=role,
        target=target,
        wanted=len(wanted),
        there=numbers["there"],
        missing=numbers[Kind.NOT_AT_TARGET] + len(explained),
        twice=numbers[Kind.TWICE],
        differ=numbers[Kind.DIFFERS],
        total=dict(total),
        lines=numbers["lines"],
    )
    return Compared(sums, tuple(findings), tuple(explained))


def _judged(one: Wanted, target: str, found: Sequence[Held]) -> Iterator[Finding]:
    where = f"{target} {one.reference}"
    if not found and not one.why:
        yield Finding(Kind.NOT_AT_TARGET, one.order_id, where, one.what, one.since)
    if len(found) > 1:
        names = ", ".join(sorted(held.number or held.internal_id for held in found))
        yield Finding(Kind.TWICE, one.order_id, where, f"{one.what}: {names}", one.since)
    if len(found) == 1 and (detail := _difference(one, found[0])):
        yield Finding(Kind.DIFFERS, one.order_id, where, f"{one.what}: {detail}", one.since)


def _difference(one: Wanted, held: Held) -> str:
    if one.currency and held.currency and one.currency != held.currency:
        return f"currency {held.currency}, ordered in {one.currency}"
    if one.total is not None and held.total is not None and abs(one.total - held.total) > CENT * max(1, one.lines):
        return f"total {_money(held.total)}, wanted {_money(one.total)} {one.currency}"
    if one.lines and held.lines is not None and held.lines != one.lines:
        return f"{held.lines} lines, ordered {one.lines}"
    return ""


def _money(micros: int) -> str:
    return f"{micros / 1_000_000:.2f}"


def added(parts: Iterable[AtTarget]) -> tuple[AtTarget, ...]:
    """Sums of several slices, by role."""
    found: dict[str, AtTarget] = {}
    for one in parts:
        known = found.get(one.role)
        found[one.role] = one if known is None else _sum(known, one)
    return tuple(found[role] for role in sorted(found))


def _sum(one: AtTarget, other: AtTarget) -> AtTarget:
    total: Mapping[str, int] = Counter(one.total) + Counter(other.total)
    return AtTarget(
        role=one.role,
        target=one.target,
        wanted=one.wanted + other.wanted,
        there=one.there + other.there,
        missing=one.missing + other.missing,
        twice=one.twice + other.twice,
        differ=one.differ + other.differ,
        total=dict(total),
        lines=one.lines + other.lines,
        why=one.why or other.why,
    )
