"""`gaps`: records that left a log before they were read.  Nothing skips them but a person."""

import sys

import click

from schemas.models.inventory import RecountRequest
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, echo_rows, json_option, progress, say
from streams.cli.session import Session, actor_option, confirmed
from streams.cli.worker_client import worker_client
from streams.domain.derived_id import derived_id
from streams.runtime.kafka import partition_of
from streams.runtime.operating.gap_list import ACCEPTED, Gap, gap_key, gaps_of, merged
from streams.runtime.operating.places import Partition
from streams.runtime.operating.posting import Outgoing
from streams.tables import STOCK_LEDGER, TABLES, changelog
from streams.topics import DESIRED, READ, RECOUNT, STOCK_CHANGE

INPUTS = tuple(topic.name for topic in READ)
AT_ONCE = 500


@click.group()
def gaps() -> None:
    """Records that were lost before they were read: their partitions stay paused until a person accepts it.

    \b
    Example: commerce-streams gaps list
    """  # noqa: D301  click reads \b as "keep these lines"


@gaps.command("list")
@json_option
def list_(*, json: bool) -> None:
    """Gaps of every topic that is read; exit code 1 while one is not accepted.

    \b
    Example: commerce-streams gaps list --json
    """  # noqa: D301  as above
    session = Session()
    found = _found(session)
    if json:
        as_json([_as_row(gap) for gap in found])
    else:
        echo_rows(("topic", "partition", "first", "last", "records", "accepted by"), [_row(gap) for gap in found])
        if not found:
            say("no gap: every record of the logs was read, or will be")
    sys.exit(FOUND_SOMETHING if any(not gap.accepted for gap in found) else 0)


@gaps.command()
@click.argument("topic")
@click.argument("partition", type=click.IntRange(min=0))
@click.option("--recount", is_flag=True, help="Ask for a recount of every SKU of the partition.")
@click.option("--reason", default="", help="Why, for the audit.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@actor_option
def accept(
    *,
    topic: str,
    partition: int,
    recount: bool,
    reason: str,
    yes: bool,
    actor: str | None,
) -> None:
    """Go on without the lost records of PARTITION of TOPIC (an input, or a table's changelog).  Not to be undone.

    \b
    Example: commerce-streams gaps accept wms.stock-change.v1 5 --recount
    """  # noqa: D301  as above
    session = Session(actor)
    part = Partition(topic, partition)
    _check(session, part)
    first = session.brokers.spans([part])[part].first
    gap = next((one for one in _found(session) if one.partition == part), None)
    what = f"offsets {gap.first} to {gap.last} ({gap.records} records)" if gap else f"whatever lies before {first}"
    if not confirmed(f"Go on without {what} of {part}?  They are gone; this cannot be undone.", yes=yes):
        sys.exit(FOUND_SOMETHING)
    before = None if gap is None else f"{gap.first}-{gap.last}"
    session.do(
        session.acts.order(gap_key(part), ACCEPTED, value=str(first), reason=reason),
        session.acts.audit(
            "accept-gap", ("partition", f"{topic}/{partition}"), before=before, after=str(first), reason=reason
        ),
    )
    say(f"{part} goes on from offset {first}; {what} count as lost")
    if recount:
        say(f"{_recounts(session, part)} recounts asked on {RECOUNT.name}")


def _check(session: Session, part: Partition) -> None:
    known = (*INPUTS, *(changelog(session.settings.app_id, table) for table in TABLES))
    if part.topic not in known:
        raise CannotRunError(f"{part.topic} is not read here; gaps can be in: {', '.join(known)}")
    if part not in session.brokers.partitions(part.topic):
        raise CannotRunError(f"{part.topic} has no partition {part.number}")


def _found(session: Session) -> list[Gap]:
    parts = [part for topic in INPUTS for part in session.brokers.partitions(topic)]
    committed = session.brokers.committed(session.settings.app_id, parts)
    ours = gaps_of(committed, session.brokers.spans(parts), session.orders())
    return merged(ours, _told(session))


def _told(session: Session) -> list[Gap]:
    """What a running worker says; without one the group's offsets are all there is."""
    try:
        facts = worker_client(session.settings).facts()
    except CannotRunError:
        return []
    return [Gap(Partition(one["topic"], one["partition"]), one["first"], one["last"]) for one in facts.get("gaps", [])]


def _recounts(session: Session, part: Partition) -> int:
    """Asks for every SKU that ever had a snapshot and whose records lie in this partition."""
    if part.topic not in (STOCK_CHANGE.name, changelog(session.settings.app_id, STOCK_LEDGER)):
        say(f"no recount brings back what {part.topic} held")
        return 0
    total = len(session.brokers.partitions(STOCK_CHANGE.name))
    items = {sku: item for item, sku in session.settings.inventory.items.items()}
    spans = session.brokers.spans(session.brokers.partitions(DESIRED.name))
    skus = {(record.key or b"").decode() for record in session.reader.read(spans)}
    wanted = sorted(item for sku in skus if partition_of((item := items.get(sku, sku)).encode(), total) == part.number)
    with progress("asking for recounts") as told:
        for start in range(0, len(wanted), AT_ONCE):
            chunk = wanted[start : start + AT_ONCE]
            session.posting.post([_recount(session, item, part) for item in chunk])
            told(start + len(chunk), len(wanted))
    return len(wanted)


def _recount(session: Session, item: str, part: Partition) -> Outgoing:
    at = session.clock.micros()
    request = RecountRequest(
        request_id=derived_id("recount", item, "GAP", part, at),
        sku=item,
        source_system="",
        reason="GAP",
        detail=f"records of {part} were lost",
        at=at,
    )
    return Outgoing(RECOUNT.name, item.encode(), session.wire.encode(RECOUNT.name, request))


def _as_row(gap: Gap) -> dict[str, object]:
    return {**gap.partition._asdict(), "first": gap.first, "last": gap.last, "accepted": gap.accepted or None}


def _row(gap: Gap) -> list[str]:
    part = gap.partition
    return [part.topic, str(part.number), str(gap.first), str(gap.last), str(gap.records), gap.accepted or "–"]
