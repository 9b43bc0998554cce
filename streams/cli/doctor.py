"""`doctor`: is everything there that a worker needs?  Each line says how it stands and what to do."""

import sys

import click

from streams.cli.failures import FOUND_SOMETHING
from streams.cli.output import as_json, json_option, shown
from streams.cli.session import Session

SIGNS = {"ok": "(v)", "warn": "/!\\", "fail": "(x)", "skipped": "(?)"}


@click.command()
@json_option
def doctor(*, json: bool) -> None:
    """Check brokers, topics, schemas, rights, target, clock, disk, standing orders; exit code 1 if something fails.

    \b
    Example: commerce-streams doctor --json
    """  # noqa: D301  click reads \b as "keep these lines"
    from streams.app.diagnosis import Examination  # noqa: PLC0415  heavy: the whole application

    session = Session()
    found = []
    for check in Examination(session.settings, session.clock).checks():
        found.append(check)
        if not json:
            click.echo(f"{SIGNS[check.verdict]} {check.name}: {shown(check.what)}")
            if check.advice:
                click.echo(f"      {shown(check.advice)}")
    if json:
        as_json([check._asdict() for check in found])
    sys.exit(FOUND_SOMETHING if any(check.verdict == "fail" for check in found) else 0)
