"""`poll`: asks shop and ERP for what their events missed, and puts it on its topics."""

import os
import sys
from typing import TYPE_CHECKING

import click

from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, echo_rows, json_option, shown

if TYPE_CHECKING:
    from streams.app.polling import Ended


POLLERS = ("commerce-orders", "erp-orders", "erp-products", "erp-prices", "crm-accounts")


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(POLLERS))
@click.option("--once", is_flag=True, help="One round of each, then tell what it found and what is unexplained.")
@json_option
def poll(names: tuple[str, ...], *, once: bool, json: bool) -> None:
    """Look for what events missed until SIGTERM; the pollers of orders that are configured, or those named.

    Products, prices and accounts, which orders are checked against, are read where their pollers are named.

    With --once the exit code is 1 where a round failed or a number stays unexplained.

    \b
    Example: commerce-streams poll
             commerce-streams poll commerce-orders --once --json
             commerce-streams poll erp-products erp-prices crm-accounts --once
    """  # noqa: D301  click reads \b as "keep these lines"
    from streams.app.polling import run  # noqa: PLC0415  heavy: only a run needs it
    from streams.sources.poller import UnreadableCursorError  # noqa: PLC0415  as above
    from streams.sources.process import CannotStartError  # noqa: PLC0415  as above
    from streams.sources.server import NotListeningError  # noqa: PLC0415  as above

    if json and not once:
        raise click.UsageError("--json needs --once")
    try:
        ended = run(os.environ, names, once=once)
    except (CannotStartError, NotListeningError, UnreadableCursorError) as error:
        raise CannotRunError(str(error)) from None
    if json:
        as_json(ended)
    else:
        _tell(ended)
    is_wrong = any(one.round is None or one.round.unexplained for one in ended)
    sys.exit(FOUND_SOMETHING if is_wrong else 0)


def _tell(ended: "tuple[Ended, ...]") -> None:
    rows = [(one.poller, str(one.round.found), one.round.position) for one in ended if one.round is not None]
    echo_rows(("POLLER", "FOUND", "READ UP TO"), rows)
    for one in ended:
        if one.round is None:
            click.echo(f"{one.poller}: {shown(one.error)}")
        else:
            echo_rows(("UNEXPLAINED", "WHY"), [(it.number, it.why or "missing") for it in one.round.unexplained])
