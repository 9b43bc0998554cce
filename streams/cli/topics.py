"""`topics apply`: creates what is missing, corrects what may be corrected, and says what may not."""

import os
import sys

import click
from confluent_kafka import KafkaException

from streams.app.topic_plan import Change, Plan, plan_topics
from streams.cli.output import as_json, echo_rows, json_option
from streams.runtime.cluster import Cluster, ClusterUnavailableError
from streams.settings import read_settings


@click.group()
def topics() -> None:
    """The topics and changelogs that this application needs."""


@topics.command("apply")
@click.option("--dry-run", is_flag=True, help="Only print the difference.")
@json_option
def apply(dry_run: bool, json: bool) -> None:  # noqa: FBT001  click's own way
    """Create missing topics and correct their settings; a different partition count is an error.

    Example: commerce-streams topics apply --dry-run
    """
    settings = read_settings(os.environ)
    cluster = Cluster(settings.kafka)
    try:
        plan = plan_topics(settings, cluster)
        if not dry_run and not plan.refusals:
            plan.apply(cluster)
    except (ClusterUnavailableError, KafkaException) as error:
        click.echo(f"commerce-streams: {error}", err=True)
        sys.exit(2)
    _print(plan, json=json)
    sys.exit(1 if plan.refusals else 0)


def _print(plan: Plan, *, json: bool) -> None:
    if json:
        as_json({"changes": [change._asdict() for change in plan.changes], "refusals": list(plan.refusals)})
        return
    echo_rows(("topic", "what", "detail"), [_row(change) for change in plan.changes])
    for refusal in plan.refusals:
        click.echo(refusal, err=True)
    if not plan.changes and not plan.refusals:
        click.echo(f"all {plan.total} topics are as they should be")


def _row(change: Change) -> tuple[str, str, str]:
    return change.topic, change.what, change.detail
