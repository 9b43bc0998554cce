"""The overview as one value: the page and `/status` are both made of it."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from streams.web import accounting, stages
from streams.web.accounting import TopicAccount
from streams.web.changes import Change, order_line
from streams.web.envelope import Envelope, State
from streams.web.figures import Tile, tiles
from streams.web.memory import CHANGES_KEPT, DAY
from streams.web.need import reason_title
from streams.web.node import NO_RECORD, Edge, Node
from streams.web.reference_view import ReferenceLine, reference_lines
from streams.web.sinks_view import Sink, Topic, sinks, topic_line
from streams.web.situation import Situation
from streams.web.verdict import Verdict, verdict
from streams.web.words import many, moment
from streams.web.workers_view import WorkerLine, workers

GROUPS_TOLD = 3
"""Groups of letters among what changed lately; their own page has all."""


class Sums(msgspec.Struct, frozen=True):
    """Where every record ended; `state` unknown where a worker is missing from the sums."""

    state: State
    note: str
    topics: tuple[TopicAccount, ...]


class ChangeLine(msgspec.Struct, frozen=True):
    """One line of what changed lately."""

    at: datetime
    what: str


class Overview(msgspec.Struct, frozen=True):
    """Everything on the page."""

    verdict: Verdict
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    working: int
    """Nodes that are ok; small screens fold them."""
    unheard: int
    """Sources that never sent a record; small screens fold these too: a site need not have them all."""
    figures: tuple[Tile, ...]
    accounting: Sums
    changes: tuple[ChangeLine, ...]
    workers: tuple[WorkerLine, ...]
    sinks: tuple[Sink, ...]
    intake: tuple[Topic, ...]
    reference: tuple[ReferenceLine, ...] = ()
    """What orders are checked against; empty where no check needs any."""


def overview(at: Situation) -> Envelope[Overview]:
    """The verdict's state is the answer's."""
    shown, drawn = verdict(at), stages.nodes(at)
    data = Overview(
        verdict=shown,
        nodes=drawn,
        edges=stages.edges(at, drawn),
        working=sum(node.state == "ok" for node in drawn),
        unheard=sum(node.lines[0] == NO_RECORD for node in drawn),
        figures=tiles(at),
        accounting=sums(at),
        changes=lately(at),
        workers=workers(at),
        sinks=sinks(at, drawn),
        intake=tuple(topic_line(at, topic) for topic in at.topics),
        reference=reference_lines(at),
    )
    return Envelope(moment(at.now), at.fleet.own.worker, shown.state, data, at.fleet.workers)


def sums(at: Situation) -> Sums:
    topics = accounting.accounts(at.fleet.answered)
    off, taken = sum(abs(one.difference) for one in topics), sum(one.taken for one in topics)
    if at.fleet.silent:
        missing = ", ".join(silent.id for silent in at.fleet.silent)
        return Sums("unknown", f"Sums not checked: without {missing}.", topics)
    if not at.is_accounted:
        return Sums(
            "unknown", "Sums not checked: a worker joins, or a table is in nobody's hands or being rebuilt.", topics
        )
    if off:
        return Sums("attention", f"The sums differ by {many(off, 'record')}; checked with the next figures.", topics)
    if not taken:
        return Sums("unknown", "Nothing to account for yet.", topics)
    return Sums("ok", f"Adds up to the {many(taken, 'record')} taken since the tables began.", topics)


def lately(at: Situation) -> tuple[ChangeLine, ...]:
    """Newest first, of the last 24 hours."""
    found = {*at.memory.changes, *_standing(at)}
    recent = [change for change in found if at.now - change.at < DAY]
    newest = sorted(recent, key=lambda change: (-change.at, change.what))[:CHANGES_KEPT]
    return tuple(ChangeLine(moment(change.at), change.what) for change in newest)


def _standing(at: Situation) -> Iterator[Change]:
    """What is known of the time before this worker's memory began."""
    for order in at.fleet.own.orders:
        yield Change(order.at, order_line(order))
    for facts in at.fleet.answered:
        yield Change(facts.started_at, f"{facts.worker} started, version {facts.version}")
    newest = sorted(at.letters.groups, key=lambda group: -group.first.at)
    for group in newest[:GROUPS_TOLD]:
        yield Change(group.first.at, f"Dead letters began: {reason_title(group.reason).lower()} on {group.topic}")
