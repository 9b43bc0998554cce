"""`replay reprocess`: a range again through the live flow, by an order that the workers obey."""

import sys
from collections.abc import Mapping

import click

from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, echo_rows, json_option, progress, say
from streams.cli.session import Session, actor_option, confirmed
from streams.runtime.operating.again import Following, Plan, plan_of
from streams.runtime.operating.posting import Outgoing
from streams.runtime.operating.ranges import Asked, RangeError, range_of
from streams.runtime.reprocess_order import REFUSED, WANTED, Again
from streams.topics import REPROCESSED, STOCK_INPUTS

READ = tuple(topic.name for topic in REPROCESSED)
OF_STOCK = (
    "The tables know these records: no quantity changes. Snapshots are sent again, and rows that the shop had refused "
    "get another try."
)
OF_ORDERS = (
    "What an order knows already changes nothing; an event that it never heard of, because its record is gone, is made "
    "again."
)
HARMLESS = dict.fromkeys(READ, OF_ORDERS) | {topic.name: OF_STOCK for topic in STOCK_INPUTS}


@click.command("reprocess")
@click.argument("topic", type=click.Choice(READ))
@click.option("--from", "start", required=True, metavar="OFFSET|TIME|AGE|earliest", help="Where the range begins.")
@click.option("--to", "end", metavar="OFFSET|TIME|AGE", help="Where it ends; default: as far as the workers have read.")
@click.option("--partition", type=click.IntRange(min=0), help="Only this partition.")
@click.option("--reason", default="", help="Why, for the audit.")
@click.option("--dry-run", is_flag=True, help="Only print what would be read again.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the workers have done it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@actor_option
@json_option
def reprocess(
    *,
    topic: str,
    start: str,
    end: str | None,
    partition: int | None,
    reason: str,
    dry_run: bool,
    no_wait: bool,
    yes: bool,
    actor: str | None,
    json: bool,
) -> None:
    """Send a range of TOPIC through the workers once more, while they go on with live traffic.

    Exit code 0: done, 1: the workers could not do it or it was not confirmed, 2: cannot run.

    \b
    Example: commerce-streams replay reprocess wms.stock-change.v1 --from 6h --reason "the shop lost its index"
    Example: commerce-streams replay reprocess inventory.hold.v1 --from earliest --dry-run
    Example: commerce-streams replay reprocess commerce.order.v1 --from 2d --reason "events of that day are missing"
    """  # noqa: D301  click reads \b as "keep these lines"
    session = Session(actor)
    plan = _plan(session, Asked(topic, start, end, partition, session.clock.micros()))
    _print(plan, json=json)
    if dry_run:
        return
    if not confirmed(f"Read {plan.records:,} records again?", yes=yes):
        sys.exit(FOUND_SOMETHING)
    following = Following(session.new_reader(), session.brokers, session.wire)
    _order(session, plan, reason)
    if not session.brokers.members(session.settings.app_id):
        say("no worker runs: it begins when one does")
        return
    if no_wait:
        say("ordered: the workers read it again; the order says how far they are")
        return
    _wait(following, plan)


def _plan(session: Session, asked: Asked) -> Plan:
    try:
        wanted = range_of(asked, session.brokers, session.reader)
        committed = session.brokers.committed(session.settings.app_id, list(wanted.wanted))
        return plan_of(wanted, committed, session.orders())
    except RangeError as error:
        raise CannotRunError(str(error)) from None


def _order(session: Session, plan: Plan, reason: str) -> None:
    """First the audit, then the orders: nothing is ever done that nobody can find."""
    acts = session.acts
    session.posting.post([_audit(session, one, reason) for one in plan.parts])
    session.posting.post([acts.order(one.key, WANTED, value=one.value, reason=reason) for one in plan.parts])


def _audit(session: Session, one: Again, reason: str) -> Outgoing:
    entity = ("partition", f"{one.topic}/{one.partition}")
    return session.acts.audit("reprocess", entity, after=f"{one.first}-{one.end}", reason=reason)


def _wait(following: Following, plan: Plan) -> None:
    with progress("Records") as done:
        ended = following.until_done(plan, done)
    refused = {part: order for part, order in ended.items() if order.state == REFUSED}
    for part, order in refused.items():
        say(f"{part}: the worker could not do it: {order.reason}")
    if refused:
        sys.exit(FOUND_SOMETHING)
    say(f"done: {plan.records:,} records were read again")


def _print(plan: Plan, *, json: bool) -> None:
    if json:
        as_json({"again": [_row(one) for one in plan.parts], "not_read_yet": plan.unread})
        return
    echo_rows(
        ("topic", "partition", "from", "to", "records again"),
        [[one.topic, str(one.partition), str(one.first), str(one.end), f"{one.left:,}"] for one in plan.parts],
    )
    if plan.unread:
        say(f"{plan.unread:,} records of the range were not read yet: they come anyway, and are left out here")
    say(HARMLESS[plan.parts[0].topic])


def _row(one: Again) -> Mapping[str, str | int]:
    return {"topic": one.topic, "partition": one.partition, "from": one.first, "to": one.end, "records": one.left}
