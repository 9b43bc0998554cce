"""What a decision about an order looks at, and what it decides: a case, and what is wanted of a target."""

from typing import NamedTuple

import msgspec

from schemas.models.command import CommandKind
from schemas.models.order_event import EventLine, Track
from streams.domain.order_entry import OrderEntry
from streams.domain.order_facts import Fact, Request
from streams.domain.order_holds import HoldReason
from streams.domain.order_routing import Routing
from streams.domain.order_rules import OrderRules
from streams.domain.order_standing import Standing
from streams.domain.order_table import ANSWERED

ONCE = "1"
"""Attempt of what is asked for once."""


class Intention(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request to one target, to be made a command.

    `status` is our word for the order's state; the target's is in `order_words`.  `with_order` says that the command
    carries the whole order.  `attempt` belongs into the command's id: the same request anew is another command.
    So does `turn`, above 0 where something may be asked for again that was asked for before, with other words between.
    """

    role: str
    kind: CommandKind
    part: str | None = None
    attempt: str = ONCE
    turn: int = 0
    with_order: bool = False
    lines: tuple[EventLine, ...] = ()
    tracks: tuple[Track, ...] = ()
    source_code: str | None = None
    document: str | None = None
    status: str | None = None
    expected_at: int | None = None
    amount: int | None = None
    text: str | None = None
    happened_at: int | None = None
    service: str | None = None

    @property
    def request(self) -> Request:
        return Request(self.role, self.kind, self.part or "")


class Case(NamedTuple):
    """All that a decision looks at: the entry with its new view, but without what is decided now."""

    entry: OrderEntry
    standing: Standing
    rules: OrderRules
    routing: Routing

    @property
    def channel(self) -> str:
        """The system that placed the order."""
        return self.standing.statement.order.source_system

    def all(self, *kinds: str) -> tuple[Fact, ...]:
        return self.standing.look.all(*kinds)

    def answer(self, request: Request) -> Fact | None:
        return self.standing.progress.fact(ANSWERED, "/".join(request))

    def is_done(self, request: Request) -> bool:
        answer = self.answer(request)
        return answer is not None and (not answer.reason or stays(answer))


def stays(answer: Fact) -> bool:
    """What the shop has twice it keeps: nobody takes a shipment, an invoice or a credit memo back there."""
    return answer.system == "commerce" and answer.reason == HoldReason.DUPLICATE_SUSPECTED


def about_money(role: str, kind: CommandKind, fact: Fact, lines: tuple[EventLine, ...], attempt: str) -> Intention:
    """A request about a document that says what money was asked for, taken or given back."""
    document = fact.document or None
    return Intention(
        role=role, kind=kind, part=fact.part, document=document, lines=lines, amount=fact.amount, attempt=attempt
    )
