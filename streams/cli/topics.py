"""`topics apply`: creates what is missing, corrects what may be corrected, and says what may not."""

import sys

import click
from confluent_kafka import KafkaException

from streams.app.topic_plan import Change, Plan, plan_topics
from streams.cli.failures import CannotRunError
from streams.cli.output import as_json, echo_rows, json_option, say
from streams.cli.session import Session
from streams.runtime.refusals import told


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
