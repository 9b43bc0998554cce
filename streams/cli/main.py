"""The command `commerce-streams`: every group of commands hangs below it."""

import os
import sys

import click

from streams.cli.schemas import schemas
from streams.cli.topics import topics
from streams.settings import SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="commerce-streams")
def cli() -> None:
    """Keeps Adobe Commerce in step with WMS, ERP and CRM.  Settings come from STREAMS_… variables."""


@cli.command()
def worker() -> None:
    """Work until SIGTERM.

    Example: STREAMS_DATA_DIR=/var/lib/streams commerce-streams worker
    """
    from streams.worker import run  # noqa: PLC0415  heavy: only this command needs Faust

    sys.exit(run(os.environ))


cli.add_command(topics)
cli.add_command(schemas)


def main() -> None:
    """Entry point: a setting that is wrong is one line and exit code 2, for every command."""
    try:
        cli()
    except SettingsError as error:
        click.echo(f"commerce-streams: {error}", err=True)
        sys.exit(2)
