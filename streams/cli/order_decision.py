"""A person's decision about one order: its options, what the owner tells of the order now, and the audited event."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, NamedTuple

import click

from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import say, shown
from streams.cli.session import Session, actor_option, confirmed
from streams.cli.worker_client import UnknownThingError, url_option, worker_client
from streams.domain.derived_id import derived_id
from streams.runtime.operating.posting import Outgoing
from streams.topics import ORDER_EVENT

PAGE = "/api/v1/orders"
OPERATOR = "operator"
Kind = Literal["RELEASED", "REFUSED", "CORRECTED", "CANCEL_REQUESTED"]
VERBS: dict[Kind, str] = {
    "RELEASED": "release-order",
    "REFUSED": "reject-order",
    "CORRECTED": "correct-order",
    "CANCEL_REQUESTED": "cancel-order",
}
Json = Any  # what a worker answers
Decorator = Callable[[Callable[..., None]], Callable[..., None]]


class Decision(NamedTuple):
    """Who decides about which order, and why; `yes` without being asked."""

    session: Session
    order_id: str
    reason: str
    yes: bool
    url: str | None

    def view(self) -> Json:
        """As the owner tells it now: nothing is decided about an order that nobody can show."""
        order_id = self.order_id
        view = worker_client(self.session.settings, self.url).get(PAGE, q=order_id)["data"]
        if not view["found"]:
            raise UnknownThingError(f"{order_id}: {shown(view['headline'])}. {shown(view['sentence'])}")
        if view["id"] != order_id:
            raise CannotRunError(f"{order_id} is a number of {view['id']}: name that id")
        return view

    def decide(self, view: Json, kind: Kind, order: Order | None = None) -> None:
        """The id comes from the order's version: a second time, before anything else happened, it is the same event."""
        session, order_id, reason = self.session, view["id"], self.reason.strip()
        before = " ".join((view["order_state"], *dict.fromkeys(one["reason"] for one in view["holds"])))
        say(f"{order_id}: {shown(before)} → {kind}")
        if not confirmed(f"Say {kind} of this order?", yes=self.yes):
            sys.exit(FOUND_SOMETHING)
        now = session.clock.micros()
        event = OrderEvent(
            event_id=derived_id("order-act", kind, order_id, view["version"]),
            order_id=order_id,
            kind=kind,
            source_system=OPERATOR,
            effective_at=now,
            recorded_at=now,
            order=order,
            reason=kind.lower(),
            text=reason,
            actor=session.actor,
        )
        session.do(
            Outgoing(ORDER_EVENT.name, order_id.encode(), session.wire.encode(ORDER_EVENT.name, event)),
            session.acts.audit(VERBS[kind], ("order", order_id), before=before, after=kind, reason=reason),
        )
        say(f"said on {ORDER_EVENT.name}; see what comes of it with `commerce-streams orders show {order_id}`")


def check(view: Json, act: str) -> None:
    """Raises CannotRunError where the act makes no sense now."""
    if not view[act]["may"]:
        raise CannotRunError(f"{view['id']}: {shown(view[act]['why'])}")


_BEFORE: Decorator = click.argument("order_id", metavar="ID")
_AFTER: tuple[Decorator, ...] = (
    click.option("--reason", required=True, help="Why, for the audit; 3 to 200 characters."),
    click.option("--yes", is_flag=True, help="Do not ask."),
    url_option,
    actor_option,
)


def decision(*options: Decorator) -> Decorator:
    """The options that every decision has, and its own between the id and the reason; it is called with a Decision."""

    def decorated(act: Callable[..., None]) -> Callable[..., None]:
        @wraps(act)
        def command(  # noqa: PLR0913  one for each option
            *, order_id: str, reason: str, yes: bool, url: str | None, actor: str | None, **own: object
        ) -> None:
            if not 3 <= len(reason.strip()) <= 200:
                raise click.BadParameter("3 to 200 characters", param_hint="--reason")
            act(Decision(Session(actor), order_id, reason, yes, url), **own)

        made: Callable[..., None] = command
        for option in reversed((_BEFORE, *options, *_AFTER)):
            made = option(made)
        return made

    return decorated
