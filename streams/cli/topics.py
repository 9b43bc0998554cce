"""`topics`: creates what is missing, corrects what may be corrected, and prints who needs which rights."""

import re
import sys

import click
from confluent_kafka import KafkaException

from streams.app.topic_plan import Change, Plan, plan_topics
from streams.cli.acl_rows import AclRow, commands
from streams.cli.failures import CannotRunError
from streams.cli.output import as_json, echo_rows, json_option, say
from streams.cli.session import Session
from streams.rights import PARTS, Part, needed, rights_of
from streams.runtime.refusals import told

PRINCIPAL = re.compile(r"User:[^\s'\"\\\\]+")


@click.group()
def topics() -> None:
    """The topics and changelogs that this application needs.

    \b
    Example: commerce-streams topics apply --dry-run
    """  # noqa: D301  click reads \b as "keep these lines"


@topics.command("apply")
@click.option("--dry-run", is_flag=True, help="Only print the difference.")
@json_option
def apply(*, dry_run: bool, json: bool) -> None:
    """Create missing topics and correct their settings; a different partition count is an error.

    \b
    Example: commerce-streams topics apply --dry-run
    """  # noqa: D301  as above
    session = Session()
    plan = plan_topics(session.settings, session.brokers)
    if not dry_run and not plan.refusals:
        _carry_out(plan, session)
    _print(plan, json=json)
    sys.exit(1 if plan.refusals else 0)


@topics.command("acls")
@click.option("--part", type=click.Choice(PARTS), help="Only this one; default: all, each with a user of its own.")
@click.option("--principal", metavar="User:NAME", help="Who is allowed; needs --part.  Default: User:APP_ID-PART.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "kafka-acls", "json")),
    default="table",
    show_default=True,
    help="kafka-acls: the commands of Kafka's own tool.",
)
@click.option("--all", "every", is_flag=True, help="Also what these settings do not use.")
def acls(*, part: Part | None, principal: str | None, form: str, every: bool) -> None:
    """The rights on Kafka that each process needs under these settings, and no others; asks no broker.

    \b
    Example: commerce-streams topics acls --part worker --principal User:streams --format kafka-acls
    """  # noqa: D301  as above
    from streams.app.poll_choice import wanted_by  # noqa: PLC0415  half a second that no other of these commands needs

    if principal is not None and (part is None or not PRINCIPAL.fullmatch(principal)):
        raise CannotRunError("--principal: one user for one part, e.g. --part worker --principal User:streams")
    settings = Session().settings
    rows = [
        AclRow(one, principal or f"User:{settings.app_id}-{one}", right)
        for one in ([part] if part else PARTS)
        for right in (rights_of(one, settings.app_id) if every else needed(one, settings, wanted_by(settings)))
    ]
    if form == "json":
        as_json([row.as_json() for row in rows])
    elif form == "kafka-acls":
        click.echo("\n".join(commands(rows, settings.kafka.bootstrap_servers)))
    else:
        echo_rows(("part", "principal", "resource", "name", "operation", "for"), [row.cells() for row in rows])


def _carry_out(plan: Plan, session: Session) -> None:
    try:
        plan.apply(session.brokers)
    except KafkaException as error:
        raise CannotRunError(told("creating and setting topics", error)) from None


def _print(plan: Plan, *, json: bool) -> None:
    if json:
        as_json({"changes": [change._asdict() for change in plan.changes], "refusals": list(plan.refusals)})
        return
    echo_rows(("topic", "what", "detail"), [_row(change) for change in plan.changes])
    for refusal in plan.refusals:
        say(refusal)
    if not plan.changes and not plan.refusals:
        click.echo(f"all {plan.total} topics are as they should be")


def _row(change: Change) -> tuple[str, str, str]:
    return change.topic, change.what, change.detail
