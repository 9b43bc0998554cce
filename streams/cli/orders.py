"""`orders`: where an order stands, which ones wait, and the audited ways to decide a held one."""

import sys
from pathlib import Path
from typing import Any, Literal

import click

from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from streams.cli.arguments import AGE
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.orders_page import print_order, print_queue
from streams.cli.output import as_json, json_option, say, shown
from streams.cli.session import Session, actor_option, confirmed
from streams.cli.worker_client import UnknownThingError, url_option, worker_client
from streams.domain.derived_id import derived_id
from streams.runtime.operating.posting import Outgoing
from streams.topics import ORDER_EVENT
from streams.web.order_facts import STUCK_AFTER_S
from streams.web.order_json import read_order

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


@click.group()
def orders() -> None:
    """Where an order stands, which ones wait, and what a person decides.

    \b
    Example: commerce-streams orders show commerce-000004711
    """  # noqa: D301  click reads \b as "keep these lines"


@orders.command()
@click.argument("order_id", metavar="ID")
@url_option
@json_option
def show(*, order_id: str, url: str | None, json: bool) -> None:
    """Where the order ID stands and what it waits for.  ID: ours, the channel's number, or the ERP's.

    Exit code 1: it is held, or waits for long.

    \b
    Example: commerce-streams orders show commerce-000004711
    """  # noqa: D301  as above
    answer = _ask(Session(), order_id, url)
    view = answer["data"]
    if json:
        as_json(answer)
    elif view["found"]:
        print_order(view)
    if not view["found"]:
        several = view.get("several", [])
        hint = f": {', '.join(map(shown, several))}" if several else f". {shown(view['sentence'])}"
        raise CannotRunError(f"{order_id}: {shown(view['headline'])}{hint}")
    if view["state"] != "ok":
        sys.exit(FOUND_SOMETHING)


@orders.command()
@url_option
@json_option
def held(*, url: str | None, json: bool) -> None:
    """Orders that wait for a person's decision, the oldest first.

    Exit code 1: there are some, or not every worker answered.

    \b
    Example: commerce-streams orders held --json
    """  # noqa: D301  as above
    _queue(worker_client(Session().settings, url).get(PAGE, state="held"), json=json)


@orders.command()
@click.option("--longer", type=AGE, default=f"{STUCK_AFTER_S}s", show_default=True, help="Than this, e.g. 10m.")
@url_option
@json_option
def stuck(*, longer: int, url: str | None, json: bool) -> None:
    """Orders whose target has not answered for long, the oldest first.

    Exit code 1: there are some, or not every worker answered.

    \b
    Example: commerce-streams orders stuck --longer 10m
    """  # noqa: D301  as above
    answer = worker_client(Session().settings, url).get(PAGE, state="stuck", longer_s=str(longer // 1_000_000))
    _queue(answer, json=json)


@orders.command()
@click.argument("order_id", metavar="ID")
@click.option("--reason", required=True, help="Why, for the audit; 3 to 200 characters.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@url_option
@actor_option
def release(*, order_id: str, reason: str, yes: bool, url: str | None, actor: str | None) -> None:
    """Let the held order ID go on; what a target refused is asked anew.

    \b
    Example: commerce-streams orders release commerce-000004711 --reason "price agreed with the customer"
    """  # noqa: D301  as above
    session = _session(reason, actor)
    view = _view(session, order_id, url)
    if not view["release"]["may"]:
        say(f"{order_id} is not held: it is {shown(view['order_state'])}; nothing was done")
        return
    _decide(session, view, "RELEASED", reason, yes=yes)


@orders.command()
@click.argument("order_id", metavar="ID")
@click.option("--reason", required=True, help="Why, for the audit; 3 to 200 characters.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@url_option
@actor_option
def reject(*, order_id: str, reason: str, yes: bool, url: str | None, actor: str | None) -> None:
    """End the order ID: nothing of it is shipped.  There is no way back.

    \b
    Example: commerce-streams orders reject commerce-000004711 --reason "placed twice by mistake"
    """  # noqa: D301  as above
    session = _session(reason, actor)
    view = _view(session, order_id, url)
    if view["order_state"] == "rejected":
        say(f"{order_id} is rejected already; nothing was done")
        return
    _check(view, "reject")
    _decide(session, view, "REFUSED", reason, yes=yes)


@orders.command()
@click.argument("order_id", metavar="ID")
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The whole order as it shall be: JSON as in schemas/examples/commerce.order.v1.",
)
@click.option("--reason", required=True, help="Why, for the audit; 3 to 200 characters.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@url_option
@actor_option
def correct(*, order_id: str, path: Path, reason: str, yes: bool, url: str | None, actor: str | None) -> None:
    """Replace what the channel said of the order ID, before others work on it; its checks are made again.

    \b
    Example: commerce-streams orders correct commerce-000004711 --file order.json --reason "address corrected"
    """  # noqa: D301  as above
    session = _session(reason, actor)
    try:
        order = read_order(path.read_text(), order_id)
    except ValueError as error:
        raise CannotRunError(f"{path}: {error}") from None
    view = _view(session, order_id, url)
    _check(view, "correct")
    _decide(session, view, "CORRECTED", reason, yes=yes, order=order)


@orders.command()
@click.argument("order_id", metavar="ID")
@click.option("--reason", required=True, help="Why, for the audit; 3 to 200 characters.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@url_option
@actor_option
def cancel(*, order_id: str, reason: str, yes: bool, url: str | None, actor: str | None) -> None:
    """Ask back what has not left of the order ID: warehouses first, then the ERP.  There is no way back.

    \b
    Example: commerce-streams orders cancel commerce-000004711 --reason "the customer called"
    """  # noqa: D301  as above
    session = _session(reason, actor)
    view = _view(session, order_id, url)
    if view["order_state"] in {"cancelling", "cancelled"}:
        say(f"{order_id} is {view['order_state']} already; nothing was done")
        return
    _check(view, "cancel")
    _decide(session, view, "CANCEL_REQUESTED", reason, yes=yes)


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


def _ask(session: Session, text: str, url: str | None) -> Json:
    return worker_client(session.settings, url).get(PAGE, q=text)


def _queue(answer: Json, *, json: bool) -> None:
    view = answer["data"]
    if json:
        as_json(answer)
    else:
        print_queue(view)
    if view["state"] != "ok":
        sys.exit(FOUND_SOMETHING)


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────


def _session(reason: str, actor: str | None) -> Session:
    if not 3 <= len(reason.strip()) <= 200:
        raise click.BadParameter("3 to 200 characters", param_hint="--reason")
    return Session(actor)


def _view(session: Session, order_id: str, url: str | None) -> Json:
    """As the owner tells it now: nothing is decided about an order that nobody can show."""
    view = _ask(session, order_id, url)["data"]
    if not view["found"]:
        raise UnknownThingError(f"{order_id}: {shown(view['headline'])}. {shown(view['sentence'])}")
    if view["id"] != order_id:
        raise CannotRunError(f"{order_id} is a number of {view['id']}: name that id")
    return view


def _check(view: Json, act: str) -> None:
    if not view[act]["may"]:
        raise CannotRunError(f"{view['id']}: {shown(view[act]['why'])}")


def _decide(session: Session, view: Json, kind: Kind, reason: str, *, yes: bool, order: Order | None = None) -> None:
    """The id comes from the order's version: a second time, before anything else happened, it is the same event."""
    order_id = view["id"]
    before = " ".join((view["order_state"], *dict.fromkeys(one["reason"] for one in view["holds"])))
    say(f"{order_id}: {shown(before)} → {kind}")
    if not confirmed(f"Say {kind} of this order?", yes=yes):
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
        text=reason.strip(),
        actor=session.actor,
    )
    session.do(
        Outgoing(ORDER_EVENT.name, order_id.encode(), session.wire.encode(ORDER_EVENT.name, event)),
        session.acts.audit(VERBS[kind], ("order", order_id), before=before, after=kind, reason=reason.strip()),
    )
    say(f"said on {ORDER_EVENT.name}; see what comes of it with `commerce-streams orders show {order_id}`")
