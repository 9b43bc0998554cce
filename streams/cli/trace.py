"""`trace`: the story of one SKU, one order or one record, in order of time."""

import sys

import click
import msgspec

from streams.cli.arguments import MOMENT, PLACE
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, json_option, progress, say, shown
from streams.cli.session import Session
from streams.cli.trace_waits import as_row, print_waits, shipment_waits
from streams.cli.worker_client import url_option, worker_client
from streams.domain.order_id import is_unified
from streams.runtime.lookback import Place
from streams.runtime.operating.places import SECOND, place_text
from streams.runtime.operating.readable import time_text
from streams.runtime.operating.story import Bounds, Library, Story, Subject, of_record
from streams.runtime.operating.story_events import Event
from streams.settings.rules import stock_rules
from streams.topics import SHIPMENT

DAY = 86_400 * SECOND
SIGNS = {"ok": "(v)", "attention": "/!\\", "stopped": "(x)", "unknown": "(?)"}


@click.command()
@click.argument("sku", metavar="SKU_OR_ORDER", required=False)
@click.option("--record", type=PLACE, help="Instead of a SKU: one record, as TOPIC-PARTITION-OFFSET.")
@click.option("--since", type=MOMENT, help="From this time or age on; default: 24h, or the record's own time.")
@click.option("--most", type=click.IntRange(1, 10_000_000), default=500_000, show_default=True, help="Records scanned.")
@url_option
@json_option
def trace(  # noqa: PLR0913  one for each option
    *, sku: str | None, record: Place | None, since: int | None, most: int, url: str | None, json: bool
) -> None:
    """Everything that the topics tell of a SKU (as its source writes it) or of an order (our id), oldest first.

    Of an order with shipments a worker is asked as well: what those wait for that the shop has not posted.

    \b
    Example: commerce-streams trace PUMP-200 --since 2h
    Example: commerce-streams trace commerce-000004711 --since 7d
    Example: commerce-streams trace --record wms.stock-change.v1-3-120
    """  # noqa: D301  click reads \b as "keep these lines"
    if (sku is None) == (record is None):
        raise click.UsageError("name a SKU or an order, or a record with --record")
    session = Session()
    story = _of_sku(session, sku, since, most) if sku is not None else _of_place(session, record, since, most)
    for cut in story.cut:
        say(f"not looked at: {cut}; raise --most, or take a later --since")
    asks = sku is not None and any(event.place.topic == SHIPMENT.name for event in story.events)
    waiting = shipment_waits(worker_client(session.settings, url), sku) if asks and sku is not None else []
    if json:
        now = time_text(session.clock.micros())
        as_json([*(_row(event) for event in story.events), *(as_row(one, now) for one in waiting)])
    else:
        _print(story.events)
        print_waits(waiting, SIGNS)
    if not story.events:
        say(f"nothing tells of {sku or place_text(record or Place('', 0, 0))} in this time; try an earlier --since")
        sys.exit(FOUND_SOMETHING)


def _of_sku(session: Session, item: str, since: int | None, most: int) -> Story:
    rules = stock_rules(session.settings.inventory)
    order_id = item if session.settings.orders.erp and is_unified(item) else None
    subject = Subject(item, rules.sku_of(item), order_id)
    bounds = Bounds(session.clock.micros() - DAY if since is None else since, most)
    with progress("reading topics") as told:
        return Library(session.brokers, session.reader, session.wire, rules).story(subject, bounds, told)


def _of_place(session: Session, place: Place | None, since: int | None, most: int) -> Story:
    assert place is not None  # the command's own check
    session.brokers.partitions(place.topic)  # says so where there is no such topic
    record = session.reader.one(place)
    if record is None:
        raise CannotRunError(f"{place_text(place)}: there is no such record (any more)")
    if record.key is None:
        raise CannotRunError(f"{place_text(place)} has no key; `commerce-streams dead-letters show` may know it")
    key = record.key.decode("utf-8", "replace")
    story = _of_sku(session, key, record.at if since is None else since, most)
    return story._replace(events=of_record(story.events, place))


def _row(event: Event) -> dict[str, object]:
    return {
        **msgspec.to_builtins(event),
        "at": time_text(event.at),
        "place": place_text(event.place),
        "causes": [place_text(cause.place) for cause in event.causes],
    }


def _print(events: list[Event]) -> None:
    """Time, step since the line before, sign, what, where."""
    before: Event | None = None
    for event in events:
        step = "" if before is None else _step(event.at - before.at)
        day = time_text(event.at).partition("T")[0]
        if before is None or time_text(before.at).partition("T")[0] != day:
            click.echo(f"{day} (UTC)")
        clock = time_text(event.at)[11:23].rstrip("Z").ljust(12, "0")
        place = f"{event.place.topic}[{event.place.partition}]@{event.place.offset}"
        who = f"{event.system}: " if event.system else ""
        click.echo(f"{clock} {step:>9} {SIGNS[event.state]} {shown(who + event.text)}  {place}")
        if event.detail:
            click.echo(f"{'':27}{shown(event.detail)}")
        before = event


def _step(micros: int) -> str:
    return f"+{micros / SECOND:.3f} s" if micros < 10 * SECOND else f"+{micros // SECOND} s"
