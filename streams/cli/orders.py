"""`orders`: where an order stands, which ones wait, and the audited ways to decide a held one."""

import sys
from pathlib import Path
from typing import Any

import click

from streams.cli.arguments import AGE
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.order_decision import PAGE, Decision, check, decision
from streams.cli.orders_page import print_order, print_queue
from streams.cli.output import as_json, json_option, say, shown
from streams.cli.session import Session
from streams.cli.worker_client import url_option, worker_client
from streams.web.order_facts import STUCK_AFTER_S
from streams.web.order_json import read_order

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
@decision()
def release(one: Decision) -> None:
    """Let the held order ID go on; what a target refused is asked anew.

    \b
    Example: commerce-streams orders release commerce-000004711 --reason "price agreed with the customer"
    """  # noqa: D301  as above
    view = one.view()
    if not view["release"]["may"]:
        say(f"{one.order_id} is not held: it is {shown(view['order_state'])}; nothing was done")
        return
    one.decide(view, "RELEASED")


@orders.command()
@decision()
def reject(one: Decision) -> None:
    """End the order ID: nothing of it is shipped.  There is no way back.

    \b
    Example: commerce-streams orders reject commerce-000004711 --reason "placed twice by mistake"
    """  # noqa: D301  as above
    view = one.view()
    if view["order_state"] == "rejected":
        say(f"{one.order_id} is rejected already; nothing was done")
        return
    check(view, "reject")
    one.decide(view, "REFUSED")


@orders.command()
@decision(
    click.option(
        "--file",
        "path",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        required=True,
        help="The whole order as it shall be: JSON as in schemas/examples/commerce.order.v1.",
    )
)
def correct(one: Decision, *, path: Path) -> None:
    """Replace what the channel said of the order ID, before others work on it; its checks are made again.

    \b
    Example: commerce-streams orders correct commerce-000004711 --file order.json --reason "address corrected"
    """  # noqa: D301  as above
    try:
        order = read_order(path.read_text(), one.order_id)
    except ValueError as error:
        raise CannotRunError(f"{path}: {error}") from None
    view = one.view()
    check(view, "correct")
    one.decide(view, "CORRECTED", order)


@orders.command()
@decision()
def cancel(one: Decision) -> None:
    """Ask back what has not left of the order ID: warehouses first, then the ERP.  There is no way back.

    \b
    Example: commerce-streams orders cancel commerce-000004711 --reason "the customer called"
    """  # noqa: D301  as above
    view = one.view()
    if view["order_state"] in {"cancelling", "cancelled"}:
        say(f"{one.order_id} is {view['order_state']} already; nothing was done")
        return
    check(view, "cancel")
    one.decide(view, "CANCEL_REQUESTED")


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
