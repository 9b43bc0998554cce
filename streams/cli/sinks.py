"""`sinks`: how targets are written.  An order is durable: every worker follows it, and the next one too."""

import click

from schemas.catalogue import ROLES
from streams.cli.output import as_json, echo_rows, json_option, say
from streams.cli.session import Session, actor_option
from streams.runtime.control import SHOP_ORDERS, SINK, key_of
from streams.runtime.operating.readable import time_text
from streams.settings import Settings

MODES = {"run": "run", "pause": "paused", "shadow": "shadow"}
"""What a person types → what is ordered."""
SHOP, *OTHERS = ROLES
SINKS = (SHOP, SHOP_ORDERS, *OTHERS)
"""The shop has two: the stock lane, and the one of its orders."""
ROLE = click.argument("role", type=click.Choice(SINKS))
WHY = click.option("--reason", default="", help="Why, for the audit.")


@click.group()
def sinks() -> None:
    """How targets are written: run, pause, shadow (read and compare, write nothing).

    `commerce` is the shop's stock, `commerce-orders` its orders: numbers, comments, shipments, invoices, credit memos.

    \b
    Example: commerce-streams sinks pause commerce --reason "index is rebuilt"
    """  # noqa: D301  click reads \b as "keep these lines"


@sinks.command("list")
@json_option
def list_(*, json: bool) -> None:
    """The mode of every sink, and who ordered it.

    \b
    Example: commerce-streams sinks list --json
    """  # noqa: D301  as above
    session = Session()
    orders = session.orders()
    found = []
    for role in SINKS:
        order = orders.get(key_of(SINK, role))
        found.append(
            {
                "role": role,
                "connector": _connector(session.settings, role),
                "mode": session.settings.sinks.mode if order is None else order.state,
                "by": "settings" if order is None else order.actor,
                "at": None if order is None else time_text(order.at),
                "reason": "" if order is None else order.reason,
            }
        )
    if json:
        as_json(found)
    else:
        head = ("role", "connector", "mode", "by", "at", "reason")
        echo_rows(head, [[str(one[name] or "–") for name in head] for one in found])


def _connector(settings: Settings, role: str) -> str:
    """Empty where nobody plays the role."""
    if role == SHOP_ORDERS:
        return settings.roles.commerce if settings.orders.erp and settings.orders.shop else ""
    return settings.roles.commerce if role == SHOP else str(getattr(settings.orders, role))


@sinks.command()
@ROLE
@WHY
@actor_option
def run(*, role: str, reason: str, actor: str | None) -> None:
    """Write to the target.

    \b
    Example: commerce-streams sinks run commerce
    """  # noqa: D301  as above
    _order(role, "run", reason, actor)


@sinks.command()
@ROLE
@WHY
@actor_option
def pause(*, role: str, reason: str, actor: str | None) -> None:
    """Write nothing; what comes waits in rows and in Kafka.

    \b
    Example: commerce-streams sinks pause commerce --reason "maintenance until 06:00"
    """  # noqa: D301  as above
    _order(role, "pause", reason, actor)


@sinks.command()
@ROLE
@WHY
@actor_option
def shadow(*, role: str, reason: str, actor: str | None) -> None:
    """Read and compare, write nothing: the way to go live.

    \b
    Example: commerce-streams sinks shadow commerce
    """  # noqa: D301  as above
    _order(role, "shadow", reason, actor)


def _order(role: str, word: str, reason: str, actor: str | None) -> None:
    session = Session(actor)
    key, mode = key_of(SINK, role), MODES[word]
    before = session.orders().get(key)
    was = session.settings.sinks.mode if before is None else before.state
    session.do(
        session.acts.order(key, mode, reason=reason),
        session.acts.audit(f"{word}-sink", ("sink", role), before=was, after=mode, reason=reason),
    )
    undo = next(typed for typed, state in MODES.items() if state == was)
    say(f"sink {role}: {was} → {mode}; undo with `commerce-streams sinks {undo} {role}`")
