"""`resume`: reads a topic again whose intake a guard or a person paused."""

import click

from streams import topics
from streams.cli.output import say
from streams.cli.session import Session, actor_option
from streams.runtime.control import INTAKE, key_of

OPEN = "open"
READ = tuple(topic.name for topic in topics.READ)


@click.command()
@click.argument("topic", type=click.Choice(READ))
@click.option("--reason", default="", help="Why, for the audit.")
@actor_option
def resume(topic: str, reason: str, actor: str | None) -> None:
    """Read TOPIC again; what was left unfinished comes again, nothing is skipped.

    \b
    Example: commerce-streams resume wms.stock-change.v1 --reason "fixed in 1.4.2"
    """  # noqa: D301  click reads \b as "keep these lines"
    session = Session(actor)
    key = key_of(INTAKE, topic)
    order = session.orders().get(key)
    if order is None or order.state == OPEN:
        say(f"intake of {topic} is not paused: nothing to do")
        return
    session.do(
        session.acts.order(key, OPEN, reason=reason),
        session.acts.audit("resume-intake", ("topic", topic), before=order.state, after=OPEN, reason=reason),
    )
    say(f"intake of {topic} is open again (it was paused by {order.actor}: {order.reason or 'no reason given'})")
