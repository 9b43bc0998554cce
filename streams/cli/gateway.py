"""`gateway`: takes signed orders, events and webhooks over HTTP and puts the orders on their topic."""

import os
import sys

import click

from streams.cli.failures import CannotRunError


@click.command()
def gateway() -> None:
    """Take orders and reservations over HTTP until SIGTERM; each is answered when Kafka has it.

    \b
    Example: commerce-streams gateway
    """  # noqa: D301  click reads \b as "keep these lines"
    from streams.app.shop_orders import open_availability, open_reserved, open_shop_orders  # noqa: PLC0415  heavy: only a run needs it
    from streams.sources.process import CannotStartError, run  # noqa: PLC0415  heavy: only a run needs it
    from streams.sources.server import NotListeningError  # noqa: PLC0415  as above

    try:
        code = run(os.environ, open_shop_orders, open_reserved, open_availability)
    except (CannotStartError, NotListeningError) as error:
        raise CannotRunError(str(error)) from None
    sys.exit(code)
