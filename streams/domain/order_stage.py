"""Which state the facts of an order amount to, holds aside: a ladder from the top, and cancellation beside it."""

from collections.abc import Callable
from typing import NamedTuple

from streams.domain.order_entry import Statement
from streams.domain.order_facts import Fact, newest, request_of
from streams.domain.order_progress import Progress
from streams.domain.order_table import ANSWERED, OrderState

NEVER = -(2**63)


class Look(NamedTuple):
    """The facts of one order, weighed; `untouched` says that no target was asked for anything yet."""

    statement: Statement
    progress: Progress
    untouched: bool

    def all(self, *kinds: str) -> tuple[Fact, ...]:
        return self.progress.all(*kinds)

    def newest(self, *kinds: str) -> Fact | None:
        return newest(self.all(*kinds))

    def last(self, *kinds: str) -> int:
        """When something of these kinds was said last (µs), or before all times."""
        found = self.newest(*kinds)
        return NEVER if found is None else found.stamp.at


def is_whole(fact: Fact) -> bool:
    """A cancellation of all that is left: neither of lines nor of a part."""
    return not fact.lines and not fact.named


def cancelled_whole(look: Look) -> tuple[Fact, ...]:
    return tuple(fact for fact in look.all("CANCELLED") if is_whole(fact))


def is_wanted_cancelled(look: Look) -> bool:
    return bool(look.all("CANCEL_REQUESTED") or cancelled_whole(look))


def final_cancel(look: Look) -> Fact | None:
    """The word that ends it: of whoever fulfils the order, or of its channel while nobody else has it."""
    found = cancelled_whole(look)
    channel = look.statement.order.source_system
    others = [fact for fact in found if fact.system != channel]
    if others:
        return min(others, key=lambda fact: fact.stamp)
    nobody_has_it = not is_acknowledged(look) and (look.untouched or bool(look.all("REJECTED")))
    asked = (*found, *look.all("CANCEL_REQUESTED")) if nobody_has_it else ()
    return min(asked, key=lambda fact: fact.stamp, default=None)


def cancel_the_rest(look: Look) -> None:
    """After the last word all that has not left is cancelled."""
    if final_cancel(look) is None:
        return
    shipped = look.progress.of("SHIPPED")
    for line_id, ordered in look.progress.known.ordered.items():
        look.progress.quantities["CANCELLED"][line_id] = ordered - shipped.get(line_id, 0)


def refused_cancel(look: Look) -> Fact | None:
    """The answer of the target that no longer lets the order go, if it is newer than the request."""
    answers = [
        fact
        for fact in look.all(ANSWERED)
        if fact.reason and fact.system in {"erp", "wms"} and request_of(fact).kind.startswith("CANCEL_")
    ]
    found = newest(answers)
    return found if found is not None and found.stamp.at >= look.last("CANCEL_REQUESTED") else None


def stage_of(look: Look) -> OrderState:
    """The first that is reached, from the end of the order's life."""
    return next(state for state, is_reached in _LADDER if is_reached(look))


def is_acknowledged(look: Look) -> bool:
    return bool(look.all("ACKNOWLEDGED"))


def _is_cancelled(look: Look) -> bool:
    return not any(look.progress.open(line_id) for line_id in look.progress.known.counted)


def _is_cancelling(look: Look) -> bool:
    is_open = is_wanted_cancelled(look) and final_cancel(look) is None and refused_cancel(look) is None
    return is_open and not look.progress.is_all("SHIPPED")


def _is_delivered(look: Look) -> bool:
    """Where nothing is shipped (services, downloads) it is there once it is paid."""
    if look.statement.order.shipping is None and is_acknowledged(look):
        return _is_settled(look)
    return look.progress.is_all("DELIVERED")


def _is_settled(look: Look) -> bool:
    """Invoiced or captured: in full, or at all where the total is unknown or part of the order was cancelled."""
    paid = look.all("INVOICED", "CAPTURED")
    total = look.statement.order.totals.grand_total
    if total is None or look.progress.is_any("CANCELLED") or any(fact.amount is None for fact in paid):
        return bool(paid)
    return any(sum(fact.amount or 0 for fact in look.all(kind)) >= total for kind in ("INVOICED", "CAPTURED"))


def _has_open_return(look: Look) -> bool:
    answered = {fact.part for fact in look.all("RETURN_RECEIVED", "RETURN_REJECTED")}
    return any(fact.part not in answered for fact in look.all("RETURN_REQUESTED"))


_LADDER: tuple[tuple[OrderState, Callable[[Look], bool]], ...] = (
    (OrderState.REJECTED, lambda look: bool(look.all("REFUSED"))),
    (OrderState.CANCELLED, _is_cancelled),
    (OrderState.CANCELLING, _is_cancelling),
    (OrderState.CLOSED, lambda look: _is_delivered(look) and _is_settled(look) and not _has_open_return(look)),
    (OrderState.DELIVERED, _is_delivered),
    (OrderState.SHIPPED, lambda look: look.progress.is_all("SHIPPED")),
    (OrderState.PARTIALLY_SHIPPED, lambda look: look.progress.is_any("SHIPPED")),
    (OrderState.IN_FULFILMENT, lambda look: look.progress.is_any("ALLOCATED", "PICKED", "PACKED")),
    (OrderState.ACKNOWLEDGED, is_acknowledged),
    (OrderState.PLACED, lambda look: look.statement.failing is None),
    (OrderState.ACCEPTED, lambda _look: True),
)
