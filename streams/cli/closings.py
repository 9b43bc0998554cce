"""Asks the worker with the stock lane for a closing, watches it over HTTP, and prints what it found."""

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click
import msgspec

from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, echo_rows, progress, say, shown
from streams.cli.session import Session
from streams.cli.worker_client import Json, WorkerClient, WorkerSilentError
from streams.domain.close_request import CloseRequest
from streams.domain.closing import ABOUT, Kind, State
from streams.runtime.control import RECONCILE, key_of

PAGE, OWN = "/api/v1/completeness", "/api/v1/completeness/own"
LOOK_EVERY_S = 0.5
TAKEN_UP_WITHIN_S = 20.0
SILENT_AT_MOST_S = 60.0
ENDS_BADLY = ("failed", "stopped", "refused")
MICROS = 1_000_000


def asked(session: Session, client: WorkerClient, request: CloseRequest) -> Json:
    """The whole run, once it has ended.  Raises CannotRunError."""
    refusal = client.get(PAGE)["data"]["refusal"]
    if refusal:
        raise CannotRunError(shown(refusal))
    what = f"{', '.join(request.flows)}{f', requeue {chr(32).join(request.requeue)}' if request.requeue else ''}"
    session.do(
        session.acts.order(
            key_of(RECONCILE, "completeness"),
            "requeue" if request.requeue else "look",
            value=msgspec.json.encode(request).decode(),
            reason=request.reason,
        ),
        session.acts.audit("reconcile", ("flow", "orders"), after=what[:500], reason=request.reason),
    )
    with progress("looked at") as told:
        owner = _watched(client, request.run, told)
    return client.at(owner or client.url).get(OWN, run=request.run)["data"]


def _watched(client: WorkerClient, run: str, told: object) -> str:
    """Until it has ended: the worker that has it."""
    heard_at, patience = time.monotonic(), TAKEN_UP_WITHIN_S  # noqa: TID251  a command waits in real time
    while True:
        try:
            view = client.get(PAGE)["data"]
        except WorkerSilentError:
            view = {"runs": [], "owner": None}
        found = next((one for one in view["runs"] if one["run"] == run), None)
        if found is not None:
            heard_at, patience = time.monotonic(), SILENT_AT_MOST_S  # noqa: TID251  as above
            if callable(told):
                told(found["done"], max(found["expected"], found["done"]))
            if found["state"] != "running":
                return str(view["owner"] or "")
        elif time.monotonic() - heard_at > patience:  # noqa: TID251  as above
            raise CannotRunError("no worker took it up; `commerce-streams status` says who has the stock lane")
        time.sleep(LOOK_EVERY_S)  # noqa: TID251  as above


def ended(found: Json, *, json: bool) -> None:
    """Prints the run; exit code 1 where anything does not close.  Raises CannotRunError."""
    run = found["run"]
    if json:
        as_json(found)
    else:
        print_pages(found["pages"])
        _print_explained(found["explained"])
        _print_requeued(found["requeued"])
    if run["state"] in ENDS_BADLY:
        raise CannotRunError(f"the run was {run['state']}: {shown(run['why'])}")
    if not found["pages"]:
        say("nothing to close: the newest page ends where this one would")
    if any(not closes(page) for page in found["pages"]):
        sys.exit(FOUND_SOMETHING)


def closes(page: Mapping[str, Json]) -> bool:
    """As the page itself says it."""
    return not page["found"] and not any(one["why"] for one in page["targets"])


def print_pages(pages: Sequence[Mapping[str, Json]]) -> None:
    for number, page in enumerate(pages):
        if number:
            click.echo()
        _print_page(page)


def _print_page(page: Mapping[str, Json]) -> None:
    verdict = "closes" if closes(page) else "DOES NOT CLOSE"
    click.echo(f"{page['flow']}, {_time(page['opened_at'])} to {_time(page['closed_at'])}: {verdict}")
    states = [f"{page['states'][state]:,} {state.value}" for state in State if page["states"].get(state)]
    entities = sum(page["states"].values())
    click.echo(f"{entities:,} source entities: {', '.join(states) or 'none'}")
    missing = sum(log["count"]["missing_records"] for log in page["logs"])
    records = sum(log["count"]["seen"] for log in page["logs"])
    click.echo(f"{records:,} records in the logs of the stretch, {missing:,} missing")
    if page["targets"]:
        click.echo()
        head = ("target", "wanted", "there", "missing", "twice", "differ", "lines", "total")
        echo_rows(head, [_target_row(one) for one in page["targets"]])
    if page["findings"]:
        click.echo()
        rows = [
            [one["kind"], one["entity"] or "not known", one["where"], one["detail"], _time(one["since"])]
            for one in page["findings"]
        ]
        echo_rows(("finding", "of", "where", "detail", "since"), rows)
        if page["found"] > len(rows):
            say(f"… and {page['found'] - len(rows):,} more")
        for kind in dict.fromkeys(one["kind"] for one in page["findings"]):
            click.echo(f"{kind}: {ABOUT[Kind(kind)].advice}")
    if page["never_placed"]:
        numbers = ", ".join(map(shown, page["never_placed"]))
        click.echo(f"never placed (a payment that failed uses a number up): {numbers}")
    if page["unread"]:
        click.echo(f"cannot be read at the shop: {', '.join(map(shown, page['unread']))}")


def _target_row(one: Mapping[str, Json]) -> list[str]:
    names = ("there", "missing", "twice", "differ", "lines")
    if one["why"]:
        return [one["target"], f"{one['wanted']:,}", *("–" for _ in names), f"not asked: {one['why']}"]
    numbers = [f"{one[name]:,}" for name in ("wanted", *names)]
    total = ", ".join(f"{micros / MICROS:,.2f} {currency}" for currency, micros in sorted(one["total"].items()))
    return [one["target"], *numbers, total or "not stated"]


def _print_explained(rows: Sequence[Mapping[str, Json]]) -> None:
    for one in rows:
        order_id, target, what, why = (shown(one[name]) for name in ("order_id", "target", "what", "why"))
        click.echo(f"order {order_id} is not in {target}: {what}, {why}")


def _print_requeued(rows: Sequence[Mapping[str, Json]]) -> None:
    for one in rows:
        told = f"asked anew: {one['what']}" if one["is_done"] else f"not asked anew: {one['why']}"
        click.echo(f"order {shown(one['order_id'])}: {shown(told)}")


def _time(micros: int) -> str:
    return datetime.fromtimestamp(micros / MICROS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if micros else "–"
