"""`stock`: why the shop shows a number, and the two audited ways to set a wrong one right."""

import sys
from decimal import Decimal, InvalidOperation

import click

from schemas.models.inventory import RecountRequest, StockRebase
from streams.cli.arguments import MOMENT
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, json_option, say, shown
from streams.cli.session import Session, actor_option, confirmed
from streams.cli.stock_page import print_stock
from streams.cli.worker_client import UnknownThingError, WorkerSilentError, url_option, worker_client
from streams.domain.derived_id import derived_id
from streams.domain.quantities import RECORD_LIMIT, from_decimal, to_decimal
from streams.domain.stock_door import is_sku
from streams.runtime.operating.posting import Outgoing
from streams.topics import REBASE, RECOUNT

BUCKETS = ("ON_HAND", "AVAILABLE", "ALLOCATED", "ON_HOLD")
ALL_BUCKETS = (*BUCKETS, "IN_TRANSIT", "WIP", "ON_ORDER")
PAGE, SHOP_PAGE = "/api/v1/stock", "/api/v1/stock/shop"


@click.group()
def stock() -> None:
    """Why the shop shows a number, and how a wrong one is set right.

    \b
    Example: commerce-streams stock show PUMP-200
    """  # noqa: D301  click reads \b as "keep these lines"


@stock.command()
@click.argument("sku")
@click.option("--shop", is_flag=True, help="Ask the shop, too, what it shows now (one call).")
@url_option
@json_option
def show(*, sku: str, shop: bool, url: str | None, json: bool) -> None:
    """What a running worker knows of SKU: desired, written, and how the number comes about.

    \b
    Example: commerce-streams stock show PUMP-200 --shop
    """  # noqa: D301  as above
    _check_sku(sku)
    answer = worker_client(Session().settings, url).get(SHOP_PAGE if shop else PAGE, sku=sku)
    view = answer.get("data", {})
    if json:
        as_json(answer)
    elif view.get("found"):
        print_stock(view)
    if not view.get("found"):
        near = view.get("near", [])
        hint = f"; near: {', '.join(map(shown, near))}" if near else ""
        raise CannotRunError(f"{sku}: {shown(view.get('headline') or 'no record of this SKU')}{hint}")


@stock.command()
@click.argument("sku")
@click.option("--location", help="Only this location; default: all.")
@click.option("--bucket", type=click.Choice(ALL_BUCKETS), help="Only this bucket; default: all.")
@click.option("--reason", default="", help="Why, for the audit.")
@actor_option
def recount(*, sku: str, location: str | None, bucket: str | None, reason: str, actor: str | None) -> None:
    """Ask the warehouses to state SKU anew; their answers replace what the ledger holds.

    \b
    Example: commerce-streams stock recount PUMP-200 --location WMS-07
    """  # noqa: D301  as above
    _check_sku(sku)
    session = Session(actor)
    at = session.clock.micros()
    request = RecountRequest(
        request_id=derived_id("recount", sku, location, bucket, "OPERATOR", at),
        sku=sku,
        source_system="",
        location_code=location,
        bucket=bucket,
        reason="OPERATOR",
        detail=reason,
        at=at,
    )
    what = f"{bucket or 'every bucket'} at {location or 'every location'}"
    place = f"{location}/{bucket}"
    session.do(
        Outgoing(RECOUNT.name, sku.encode(), session.wire.encode(RECOUNT.name, request)),
        session.acts.audit("ask-recount", ("sku", sku), after=place, reason=reason),
    )
    say(f"asked on {RECOUNT.name}: {what} of {sku}; see what comes with `commerce-streams trace {sku} --since 10m`")


@stock.command()
@click.argument("sku")
@click.argument("location")
@click.argument("quantity")
@click.option("--bucket", type=click.Choice(BUCKETS), default="ON_HAND", show_default=True, help="What is stated.")
@click.option("--at", "moment", type=MOMENT, help="As of this time or age; default: now.")
@click.option("--reason", required=True, help="Why, for the audit; 3 to 200 characters.")
@click.option("--dry-run", is_flag=True, help="Only the preview.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@url_option
@actor_option
def rebase(
    *,
    sku: str,
    location: str,
    quantity: str,
    bucket: str,
    moment: int | None,
    reason: str,
    dry_run: bool,
    yes: bool,
    url: str | None,
    actor: str | None,
) -> None:
    """State that BUCKET of LOCATION holds QUANTITY of SKU (sales units), whatever the records said.

    Newer changes still count.  Undo by stating the old quantity again.

    \b
    Example: commerce-streams stock rebase PUMP-200 WMS-07 131 --reason "counted by hand"
    """  # noqa: D301  as above
    _check_sku(sku)
    micros = _micros(quantity)
    if not 3 <= len(reason.strip()) <= 200:
        raise click.BadParameter("3 to 200 characters", param_hint="--reason")
    session = Session(actor)
    before = _before(session, sku, (location, bucket), url)
    say(f"{sku} {bucket} at {location}: {shown(before or 'unknown')} → {to_decimal(micros)}")
    if dry_run:
        return
    if not confirmed("State this quantity?", yes=yes):
        sys.exit(FOUND_SOMETHING)
    now = session.clock.micros()
    effective = now if moment is None else moment
    order = StockRebase(
        rebase_id=derived_id("rebase", sku, location, bucket, micros, effective, now),
        sku=sku,
        location_code=location,
        bucket=bucket,
        quantity=micros,
        effective_at=effective,
        actor=session.actor,
        reason=reason,
    )
    was = None if before is None else f"{location}/{bucket}: {before}"
    after = f"{location}/{bucket}: {to_decimal(micros)}"
    session.do(
        Outgoing(REBASE.name, sku.encode(), session.wire.encode(REBASE.name, order)),
        session.acts.audit("rebase-stock", ("sku", sku), before=was, after=after, reason=reason),
    )
    say(f"stated on {REBASE.name}; see what comes with `commerce-streams trace {sku} --since 10m`")


def _check_sku(sku: str) -> None:
    if not is_sku(sku):
        raise CannotRunError(f"{sku!r}: a SKU has 1 to 64 characters, no control characters and no blank at either end")


def _micros(text: str) -> int:
    try:
        micros = from_decimal(Decimal(text))
    except (InvalidOperation, ValueError):
        raise CannotRunError(f"{text!r} is not a quantity of at most six decimals") from None
    if not 0 <= micros <= RECORD_LIMIT:
        raise CannotRunError(f"{text} is not a quantity from 0 to {to_decimal(RECORD_LIMIT)}")
    return micros


def _before(session: Session, sku: str, place: tuple[str, str], url: str | None) -> str | None:
    """What the ledger holds there now; None where nobody says.  Raises CannotRunError for a place it never heard of."""
    try:
        answer = worker_client(session.settings, url).get(PAGE, sku=sku)
    except (WorkerSilentError, UnknownThingError) as error:
        say(f"no preview: {error.message}")
        return None
    scopes = answer.get("data", {}).get("locations", [])
    found = next((one for one in scopes if (one.get("location"), one.get("bucket")) == place), None)
    if found is None and scopes:
        known = sorted({f"{one.get('location')} {one.get('bucket')}" for one in scopes})
        raise CannotRunError(f"no record of {place[1]} at {place[0]!r} for {sku}; there are: {', '.join(known)}")
    return None if found is None else str(found.get("value"))
