"""`reconcile`: compare what the shop shows with what it acknowledged.

The worker with the stock lane does it, for it has the rows and knows which of them are about to change; the command
asks for a run in `operator.control.v1`, watches it over HTTP and prints what it found.
"""

import sys
import time
from collections.abc import Mapping

import click
import msgspec

from streams.cli import closings, reservation_page
from streams.cli.arguments import AGE, MOMENT
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import Progress, as_json, echo_rows, json_option, progress, say, shown
from streams.cli.session import Session, actor_option
from streams.cli.worker_client import Json, WorkerClient, WorkerSilentError, url_option, worker_client
from streams.domain.close_request import ORDERS, CloseRequest
from streams.domain.drift import KINDS, REPAIRABLE
from streams.domain.reconciliation import Request, Scope
from streams.runtime.control import RECONCILE, STOCK, key_of

PAGE, OWN = "/api/v1/reconciliation", "/api/v1/reconciliation/own"
LOOK_EVERY_S = 0.5
TAKEN_UP_WITHIN_S = 20.0
SILENT_AT_MOST_S = 30.0
FIRST = 20
MICROS = 1_000_000
ENDS_BADLY = ("failed", "stopped", "refused")


@click.group()
def reconcile() -> None:
    """Compare targets with what they acknowledged, and repair what differs.

    \b
    Example: commerce-streams reconcile stock
    """  # noqa: D301  click reads \b as "keep these lines"


@reconcile.command()
@click.option("--full", is_flag=True, help="Everything; also without --window.")
@click.option("--window", type=AGE, help="Only what the shop acknowledged in this time, e.g. 5m.")
@click.option("--repair", is_flag=True, help="Write missing, stale and foreign edits again, whatever the settings say.")
@click.option("--reason", default="", help="Why, for the audit.")
@url_option
@json_option
@actor_option
def stock(
    *, full: bool, window: int | None, repair: bool, reason: str, url: str | None, json: bool, actor: str | None
) -> None:
    """Read the shop's stock and compare it with what it acknowledged.

    Exit code 1 where anything differs, repaired or not; 2 where it could not be compared to the end.

    \b
    Example: commerce-streams reconcile stock --window 5m
    """  # noqa: D301  as above
    if full and window is not None:
        raise click.UsageError("--full and --window: one of both")
    session = Session(actor)
    client = worker_client(session.settings, url)
    _may_begin(client, "refusal")
    scope = Scope.FULL if window is None else Scope.WINDOW
    run = _begin(session, scope, window, repair=repair, reason=reason)
    with progress("compared") as told:
        found = _watched(client, run, told)
    found = _with_all(client, found, "drift")
    if json:
        as_json(found)
    else:
        _print(found)
    _end(found)


@reconcile.command()
@click.option("--reason", default="", help="Why, for the audit.")
@url_option
@json_option
@actor_option
def reservations(*, reason: str, url: str | None, json: bool, actor: str | None) -> None:
    """Compare what the shop has reserved with what its open orders promise.

    Only reads.  What is wrong is explained per SKU and stock, with the arguments for the shop's own command
    inventory:reservation:create-compensations.  Exit code 1 where anything is wrong; 2 where it could not be compared
    to the end.

    \b
    Example: commerce-streams reconcile reservations
    """  # noqa: D301  as above
    session = Session(actor)
    client = worker_client(session.settings, url)
    _may_begin(client, "reservations_refusal")
    run = _begin(session, Scope.RESERVATIONS, None, repair=False, reason=reason)
    with progress("compared") as told:
        found = _watched(client, run, told)
    found = _with_all(client, found, "findings")
    if json:
        as_json(found)
    else:
        reservation_page.tell(found)
    _end(found)


def _end(found: Json) -> None:
    if found["state"] in ENDS_BADLY:
        raise CannotRunError(f"the run was {found['state']}: {shown(found['why'])}")
    if any(found["found"].values()):
        sys.exit(FOUND_SOMETHING)


@reconcile.command()
@click.option("--since", type=MOMENT, required=True, help="A time like 2026-03-02T00:00Z, or an age like 12h, 2d.")
@click.option(
    "--requeue", multiple=True, metavar="ORDER_ID", help="Ask anew for this one, if it is missing; `*`: for all."
)
@click.option("--reason", default="", help="Why, for the audit.")
@url_option
@json_option
@actor_option
def orders(
    *, since: int, requeue: tuple[str, ...], reason: str, url: str | None, json: bool, actor: str | None
) -> None:
    """Compare the orders since then at the shop, in the logs, and at ERP, WMS, CRM and finance.

    Says what is missing where, what is twice, what differs in total, and which order numbers were never placed.
    Exit code 1 where anything does not agree; 2 where it could not be compared to the end.

    \b
    Example: commerce-streams reconcile orders --since 1d
    """  # noqa: D301  as above
    if requeue and not reason:
        raise click.UsageError("--requeue changes something: say why with --reason")
    session = Session(actor)
    client = worker_client(session.settings, url)
    request = CloseRequest(
        run=f"orders-{session.clock.nonce()[:12]}",
        flows=(ORDERS,),
        since=since,
        requeue=requeue,
        by=session.actor,
        reason=reason,
    )
    closings.ended(closings.asked(session, client, request), json=json)


def _may_begin(client: WorkerClient, which: str) -> None:
    """Asked before anything is ordered: a refusal leaves nothing behind."""
    refusal = client.get(PAGE)["data"][which]
    if refusal:
        raise CannotRunError(shown(refusal))


def _begin(session: Session, scope: Scope, window: int | None, *, repair: bool, reason: str) -> str:
    """The run's name."""
    request = Request(
        f"{scope}-{session.clock.nonce()[:12]}",
        scope,
        window_s=300 if window is None else window / MICROS,
        repair=REPAIRABLE if repair else None,
        by=session.actor,
    )
    value = msgspec.json.encode(request).decode()
    what = f"{scope}{'' if window is None else f' {request.window_s:.0f} s'}, repair: {'all' if repair else 'as set'}"
    session.do(
        session.acts.order(key_of(RECONCILE, STOCK), str(scope), value=value, reason=reason),
        session.acts.audit("reconcile", ("flow", STOCK), after=what, reason=reason),
    )
    return request.run


def _watched(client: WorkerClient, run: str, told: Progress) -> Json:
    """Until it has ended.  A worker may be silent for a moment, or hand the lane over."""
    heard_at = time.monotonic()  # noqa: TID251  a command waits in real time
    patience, seen = TAKEN_UP_WITHIN_S, False
    while True:
        found = _run_of(client, run, is_last=time.monotonic() - heard_at > patience, seen=seen)  # noqa: TID251  as above
        if found is not None:
            heard_at, patience, seen = time.monotonic(), SILENT_AT_MOST_S, True  # noqa: TID251  as above
            told(found["compared"], max(found["expected"], found["compared"]))
            if found["state"] != "running":
                return found
        time.sleep(LOOK_EVERY_S)  # noqa: TID251  as above


def _run_of(client: WorkerClient, run: str, *, is_last: bool, seen: bool) -> Json:
    """None where nobody tells of it just now; at the last look that is an error."""
    try:
        found = next((one for one in client.get(PAGE)["data"]["runs"] if one["run"] == run), None)
    except WorkerSilentError:
        if is_last:
            raise
        return None
    if found is None and is_last:
        raise CannotRunError(_lost(seen=seen))
    return found


def _lost(*, seen: bool) -> str:
    if seen:
        return "the worker that compared is gone or gave the lane away; `commerce-streams status`, then ask again"
    return "no worker took it up; `commerce-streams status` says who has the stock lane, then ask again"


def _with_all(client: WorkerClient, found: Json, name: str) -> Json:
    """From the worker that has them; where it is silent, the page's first ones stand."""
    try:
        view = client.get(PAGE)["data"]
        told = client.at(view["owner"] or client.url).get(OWN, run=found["run"])["data"]
    except CannotRunError as error:
        say(f"the list of differences is not to be had: {error.message}")
        told = {name: []}
    kinds = {key: {one["kind"]: one[key] for one in found["kinds"]} for key in ("found", "repaired")}
    return {**found, **kinds, name: told[name]}


def _print(found: Mapping[str, Json]) -> None:
    rows = [[str(kind), _number(found["found"], kind), _number(found["repaired"], kind)] for kind in KINDS]
    if found["drift"]:
        head = ("kind", "source", "sku", "acknowledged", "in the shop", "repaired")
        echo_rows(head, [_drift_row(one) for one in found["drift"][:FIRST]])
        if len(found["drift"]) > FIRST:
            say(f"… and {len(found['drift']) - FIRST:,} more of them: --json, or the page /reconciliation")
        click.echo()
    echo_rows(("kind", "found", "repaired"), rows)
    differ = sum(found["found"].values())
    click.echo(
        f"{found['compared']:,} pairs compared: {found['agree']:,} agree, {differ:,} differ, "
        f"{sum(found['repaired'].values()):,} due again; {found['unsettled']:,} not at rest, "
        f"{found['set_aside']:,} set aside"
    )
    click.echo(
        f"{found['seconds']:.1f} s, {found['calls']:,} calls, {found['listed']:,} rows read from the shop's list"
    )


def _number(by_kind: Mapping[str, int], kind: str) -> str:
    return f"{by_kind.get(kind, 0):,}"


def _drift_row(one: Json) -> list[str]:
    ours, theirs = one["ours"] or "no row", one["theirs"] or "not there"
    return [one["kind"], one["source_code"], one["sku"], ours, theirs, "yes" if one["repaired"] else "no"]
