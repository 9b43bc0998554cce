"""`replay what-if`: the same records through today's and through changed settings, and what would differ."""

import asyncio
import os
import sys
from typing import Any

import click

from streams import topics
from streams.app.replay.changed_settings import TwoSettings, two_settings
from streams.app.replay.offline_flow import IntakeWouldPauseError
from streams.app.replay.one_try import RegistryGoneError
from streams.app.replay.what_if import Comparison, Sent, WhatIf
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, echo_rows, json_option, progress
from streams.cli.replay.workshop import workshop
from streams.cli.session import Session
from streams.domain.differences import DifferenceGroup, Example
from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.ranges import Asked, Range, RangeError, range_of

READ = tuple(topic.name for topic in topics.STOCK_INPUTS)
WORDS = {
    "row-new": "only the changed settings write the row",
    "row-gone": "only today's settings write the row",
    "quantity": "another quantity in the end",
    "status": "another stock status in the end",
    "on-the-way": "the same in the end, written at other times or with other values before",
    "letter-new": "a dead letter more",
    "letter-gone": "a dead letter less",
    "letter-reason": "a dead letter for another reason",
    "told-new": "told others by the changed settings only",
    "told-gone": "told others by today's settings only",
    "told-times": "told others more or less often",
}


@click.command("what-if")
@click.argument("topic", type=click.Choice(READ))
@click.option("--from", "start", required=True, metavar="OFFSET|TIME|AGE|earliest", help="Where the range begins.")
@click.option("--to", "end", metavar="OFFSET|TIME|AGE", help="Where it ends; default: where the log ends now.")
@click.option("--partition", type=click.IntRange(min=0), help="Only this partition.")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A changed setting; may be repeated.")
@click.option("--config", type=click.Path(exists=True, dir_okay=False), help="A changed file of settings.")
@click.option("--examples", type=click.IntRange(0), default=5, show_default=True, help="Examples per group.")
@json_option
def what_if(
    *,
    topic: str,
    start: str,
    end: str | None,
    partition: int | None,
    sets: tuple[str, ...],
    config: str | None,
    examples: int,
    json: bool,
) -> None:
    """What would have been sent for a range of TOPIC with changed settings, compared with today's.

    Nothing is sent and nothing is written: only brokers and registry are asked, and no credential of a target is read.
    Exit code 0: no difference, 1: something differs, 2: cannot run.

    \b
    Example: commerce-streams replay what-if wms.stock-change.v1 --from earliest \\
                 --set 'STREAMS_INVENTORY__LOCATIONS={"WMS-07": "east", "WMS-09": "east"}'
    Example: commerce-streams replay what-if wms.stock-change.v1 --from 6h --to 1h --config changed.toml --json
    """  # noqa: D301  click reads \b as "keep these lines"
    both = two_settings(os.environ, sets, config)
    session = Session("nobody", settings=both.before)
    try:
        asked = Asked(topic, start, end, partition, session.clock.micros())
        wanted = range_of(asked, session.brokers, session.reader)
        others = _others(session, wanted)
        found = _compared(session, both, wanted, others, examples)
    except (RangeError, IntakeWouldPauseError, RegistryGoneError) as error:
        raise CannotRunError(str(error)) from None
    if json:
        as_json(_document(both, wanted, others, found))
    else:
        _print(both, wanted, others, found)
    sys.exit(FOUND_SOMETHING if found.groups else 0)


def _others(session: Session, wanted: Range) -> dict[Partition, Span]:
    """The logs of the other inputs of the ledger, of the same partitions."""
    numbers = {part.number for part in wanted.wanted}
    parts = [
        part
        for name in READ
        if name != wanted.topic
        for part in session.brokers.partitions(name)
        if part.number in numbers
    ]
    return dict(session.brokers.spans(parts)) if parts else {}


def _compared(
    session: Session, both: TwoSettings, wanted: Range, others: dict[Partition, Span], examples: int
) -> WhatIf:
    with workshop(session) as (folder, serde), progress("Records") as done:
        comparison = Comparison(folder, both.before.inventory, both.after.inventory, serde)
        try:
            asyncio.run(comparison.run(wanted, others, session.reader.read, done))
            return comparison.result(examples)
        finally:
            comparison.close()


# ── said ─────────────────────────────────────────────────────────────────────────────────────────


def _print(both: TwoSettings, wanted: Range, others: dict[Partition, Span], found: WhatIf) -> None:
    click.echo(f"{found.records:,} records of {wanted.topic} and of what else feeds the ledger")
    click.echo(_state(wanted, others, found.folded_first))
    echo_rows(
        ("changed setting", "today", "changed"),
        [[one.name, one.before or "–", one.after or "–"] for one in both.changes],
    )
    click.echo("")
    echo_rows(
        ("would have been sent", "rows", "writes", "dead letters", "told others"),
        [_sent_row("with today's settings", found.before), _sent_row("with the changed ones", found.after)],
    )
    click.echo("")
    for group in found.groups:
        _print_group(group)
    if not found.groups:
        click.echo("no difference: the same rows with the same values, the same letters, the same words")


def _print_group(group: DifferenceGroup) -> None:
    click.echo(f"{group.number:,} × {group.about}: {WORDS[group.kind]}")
    echo_rows(
        ("", "for example", "", "today", "changed"),
        [["", one.name, one.place, one.before or "–", one.after or "–"] for one in group.examples],
    )


def _sent_row(name: str, sent: Sent) -> list[str]:
    return [name, f"{sent.rows:,}", f"{sent.writes:,}", f"{sent.letters:,}", f"{sent.words:,}"]


def _state(wanted: Range, others: dict[Partition, Span], folded_first: int) -> str:
    """What the ledger knew when the range began, and what it could not know."""
    cut = sorted(str(part) for part, span in {**wanted.log, **others}.items() if span.first > 0)
    gone = (
        f"; older records have left the log of {', '.join(cut)}: locations without a count since then are not written"
        if cut
        else ""
    )
    began = f"made of {folded_first:,} records before the range" if folded_first else "nothing: the log begins with it"
    return f"state at the start: {began}{gone}"


def _document(
    both: TwoSettings, wanted: Range, others: dict[Partition, Span], found: WhatIf
) -> dict[str, Any]:  # Any: plain values
    return {
        "topic": wanted.topic,
        "range": [
            {"partition": part.number, "from": span.first, "to": span.end}
            for part, span in sorted(wanted.wanted.items())
        ],
        "records": found.records,
        "folded_first": found.folded_first,
        "log_cut": sorted(str(part) for part, span in {**wanted.log, **others}.items() if span.first > 0),
        "changed": [one._asdict() for one in both.changes],
        "sent": {"today": found.before._asdict(), "changed": found.after._asdict()},
        "groups": [_group_document(group) for group in found.groups],
    }


def _group_document(group: DifferenceGroup) -> dict[str, Any]:  # Any: as above
    return {
        "kind": group.kind,
        "what": WORDS[group.kind],
        "about": group.about,
        "number": group.number,
        "examples": [_example(one) for one in group.examples],
    }


def _example(one: Example) -> dict[str, str | None]:
    return one._asdict()
