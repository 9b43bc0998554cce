"""`replay`: reads a topic again, from an offset or a time, by moving the group's offsets while no worker runs."""

import shutil
import sys
from collections.abc import Mapping

import click

from streams import topics
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, echo_rows, json_option, say
from streams.cli.session import Session, actor_option, confirmed
from streams.runtime.operating.gap_list import ACCEPTED, gap_key
from streams.runtime.operating.places import Partition, Span, moment_of
from streams.runtime.operating.replay_plan import EARLIEST, Move, Rebuild, WouldSkipError, moves_of, rebuild_of
from streams.tables import TABLES

READ = tuple(topic.name for topic in topics.READ)
NO_OPS = (
    "Records below what the table has accounted for are known as redeliveries: they change no quantity; "
    "their snapshots are sent again, and rows that the shop had refused get another try."
)


@click.command()
@click.argument("topic", type=click.Choice(READ))
@click.option("--from", "start", required=True, metavar="OFFSET|TIME|AGE|earliest", help="Where to begin.")
@click.option("--partition", type=click.IntRange(min=0), help="Only this partition.")
@click.option("--rebuild", type=click.Choice([table.name for table in TABLES]), help="Begin this table from nothing.")
@click.option("--reason", default="", help="Why, for the audit.")
@click.option("--dry-run", is_flag=True, help="Only print the plan.")
@click.option("--yes", is_flag=True, help="Do not ask; needed for --rebuild.")
@actor_option
@json_option
def replay(
    *,
    topic: str,
    start: str,
    partition: int | None,
    rebuild: str | None,
    reason: str,
    dry_run: bool,
    yes: bool,
    actor: str | None,
    json: bool,
) -> None:
    """Read TOPIC again.  Only while no worker of the group runs; records are never skipped.

    With --rebuild the table begins from nothing, and every topic that feeds it is read from the same place.

    \b
    Example: commerce-streams replay wms.stock-change.v1 --from 6h --dry-run
    Example: commerce-streams replay wms.stock-change.v1 --from earliest --rebuild stock-ledger --yes
    """  # noqa: D301  click reads \b as "keep these lines"
    session = Session(actor)
    again = _rebuild(session, topic, partition, rebuild)
    members = session.brokers.members(session.settings.app_id)
    if members and not dry_run:
        raise CannotRunError(
            f"{members} worker{'' if members == 1 else 's'} of the group {session.settings.app_id} "
            f"run{'s' if members == 1 else ''}: stop them first, then repeat this"
        )
    topics = (topic,) if again is None else tuple(again.topics)
    moves = _moves(session, topics, partition, start)
    _print(moves, again, json=json)
    if again is not None and not yes:
        say("nothing was done: these steps are taken with --yes")
    if dry_run or (again is not None and not yes):
        return
    if not confirmed(f"Read {sum(move.again for move in moves):,} records again?", yes=yes):
        sys.exit(FOUND_SOMETHING)
    if again is not None:
        _begin_anew(session, moves, reason)
        _take_away(session, again)
    session.brokers.commit(session.settings.app_id, {move.partition: move.to for move in moves})
    _audit(session, moves, again, reason)
    say("done: start the workers, and watch with `commerce-streams status`")


def _rebuild(session: Session, topic: str, partition: int | None, name: str | None) -> Rebuild | None:
    if name is None:
        return None
    found = rebuild_of(name, session.settings)
    if topic not in found.topics:
        raise CannotRunError(f"{topic} does not feed {name}; its topics are: {', '.join(found.topics)}")
    if partition is not None:
        raise CannotRunError("a table is rebuilt as a whole: leave out --partition")
    return found


def _moves(session: Session, topics: tuple[str, ...], partition: int | None, start: str) -> list[Move]:
    parts = [part for topic in topics for part in session.brokers.partitions(topic)]
    if partition is not None:
        parts = [part for part in parts if part.number == partition]
        if not parts:
            raise CannotRunError(f"{topics[0]} has no partition {partition}")
    logs = session.brokers.spans(parts)
    committed = session.brokers.committed(session.settings.app_id, parts)
    try:
        return moves_of(logs, committed, _wanted(session, logs, start))
    except WouldSkipError as error:
        raise CannotRunError(str(error)) from None


def _wanted(session: Session, logs: Mapping[Partition, Span], start: str) -> dict[Partition, int]:
    if start == EARLIEST:
        return {part: span.first for part, span in logs.items()}
    if start.isdecimal():
        return dict.fromkeys(logs, int(start))
    try:
        moment = moment_of(start, session.clock.micros())
    except ValueError as error:
        raise CannotRunError(f"--from {error}") from None
    at = session.brokers.at(list(logs), moment)
    return {part: span.end if (offset := at[part]) is None else offset for part, span in logs.items()}


def _print(moves: list[Move], again: Rebuild | None, *, json: bool) -> None:
    if json:
        as_json({"moves": [_as_row(move) for move in moves], "rebuild": _steps(again)})
        return
    echo_rows(
        ("topic", "partition", "read up to", "goes back to", "records again"),
        [
            [
                move.partition.topic,
                str(move.partition.number),
                "never" if move.committed is None else str(move.committed),
                str(move.to),
                f"{move.again:,}",
            ]
            for move in moves
        ],
    )
    say("\n".join(_steps(again)) if again is not None else NO_OPS)
    cut = [str(move.partition) for move in moves if move.span.first > 0]
    if again is not None and cut:
        say(
            f"Older records have left the log of {', '.join(cut)}: locations without a full count since then "
            "are parked until one comes (`commerce-streams stock recount`)."
        )


def _steps(again: Rebuild | None) -> list[str]:
    if again is None:
        return []
    folders = [f"delete {folder}" for folder in again.folders] or ["delete no local store: there is none here"]
    return [
        f"delete the topic {again.changelog}, which holds the table",
        *folders,
        "create the topic anew, as `commerce-streams topics apply` does",
        "move the group's offsets as above; stores of other machines are rebuilt by their workers",
    ]


def _begin_anew(session: Session, moves: list[Move], reason: str) -> None:
    """The table will know nothing of what lies before: without this order that would be a gap."""
    keys = [(gap_key(move.partition), str(move.to)) for move in moves]
    session.posting.post([session.acts.order(key, ACCEPTED, value=value, reason=reason) for key, value in keys])


def _take_away(session: Session, again: Rebuild) -> None:
    from streams.app.topic_plan import plan_topics  # noqa: PLC0415  heavy: the whole application

    session.brokers.delete_topic(again.changelog)
    for folder in again.folders:
        shutil.rmtree(folder)
    plan = plan_topics(session.settings, session.brokers)
    if plan.refusals:
        raise CannotRunError("; ".join(plan.refusals))
    plan.apply(session.brokers)


def _audit(session: Session, moves: list[Move], again: Rebuild | None, reason: str) -> None:
    acts = session.acts
    records = [
        acts.audit(
            "replay",
            ("partition", "{}/{}".format(*move.partition)),
            before=None if move.committed is None else str(move.committed),
            after=str(move.to),
            reason=reason,
        )
        for move in moves
    ]
    if again is not None:
        records.append(acts.audit("rebuild-table", ("table", again.table.name), after=again.changelog, reason=reason))
    session.posting.post(records)


def _as_row(move: Move) -> dict[str, object]:
    return {
        "topic": move.partition.topic,
        "partition": move.partition.number,
        "committed": move.committed,
        "to": move.to,
        "again": move.again,
    }
