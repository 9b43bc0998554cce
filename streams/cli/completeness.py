"""`completeness`: does every day close?"""

import sys
from collections.abc import Mapping, Sequence
from datetime import date as date_of

import click

from streams.cli.closings import asked, closes, ended, print_pages
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, json_option, shown
from streams.cli.session import Session, actor_option
from streams.cli.worker_client import Json, url_option, worker_client
from streams.domain.close_request import CloseRequest

KEPT = "/api/v1/completeness/kept"


@click.command()
@click.option("--date", default="", help="The pages that end on that day (UTC), e.g. 2026-03-02; else the newest.")
@click.option("--now", is_flag=True, help="Make one now, behind the last one; the daily one goes on behind it.")
@url_option
@json_option
@actor_option
def completeness(*, date: str, now: bool, url: str | None, json: bool, actor: str | None) -> None:
    """Show the page on which every order and every stock change of the day stands in one state.

    Exit code 1 where it does not close or none was made yet, 2 where there is none of the day.

    \b
    Example: commerce-streams completeness --date 2026-03-02
    """  # noqa: D301  click reads \b as "keep these lines"
    if now and date:
        raise click.UsageError("--now and --date: one of both")
    session = Session(actor)
    client = worker_client(session.settings, url)
    if now:
        request = CloseRequest(run=f"now-{session.clock.nonce()[:12]}", by=session.actor)
        ended(asked(session, client, request), json=json)
        return
    if date:
        _check(date)
    pages = client.get(KEPT, date=date)["data"]
    if pages is None:
        raise CannotRunError("the pages cannot be read: the brokers do not answer")
    if not pages and date:
        raise CannotRunError(f"no page of {shown(date)}; --now makes one")
    _show(pages, json=json)


def _show(pages: Sequence[Mapping[str, Json]], *, json: bool) -> None:
    """Ends the command with exit code 1 where anything does not close."""
    if json:
        as_json(pages)
    elif pages:
        print_pages(pages)
    else:
        click.echo("no page was made yet; --now makes one")
    if not pages or not all(map(closes, pages)):
        sys.exit(FOUND_SOMETHING)


def _check(date: str) -> None:
    try:
        date_of.fromisoformat(date)
    except ValueError:
        raise click.UsageError(f"--date {shown(date)}: write it like 2026-03-02") from None
