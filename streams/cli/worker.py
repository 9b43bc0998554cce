"""`worker`: runs one worker in this process."""

import os
import sys

import click


@click.command()
def worker() -> None:
    """Work until SIGTERM.

    \b
    Example: STREAMS_DATA_DIR=/var/lib/streams commerce-streams worker
    """  # noqa: D301  click reads \b as "keep these lines"
    from streams.worker import run  # noqa: PLC0415  heavy: only a run needs Faust

    sys.exit(run(os.environ))
