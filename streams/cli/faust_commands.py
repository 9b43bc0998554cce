"""Faust's own commands, for the application of these settings; nothing is started and no broker is needed to list."""

import os
import sys
from collections.abc import Sequence

import click

from streams.cli.failures import CannotRunError
from streams.topics import RECORD_BYTES

OURS = {
    "worker": "Faust's worker would run without leases and checks; use `commerce-streams worker`",
    "livecheck": "this application has no Faust live checks",
    "reset": "tables are rebuilt with `commerce-streams replay … --rebuild TABLE`",
}
PASSED = {"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}
REST = click.argument("arguments", nargs=-1, type=click.UNPROCESSED)


@click.command(context_settings=PASSED)
@REST
def faust(*, arguments: tuple[str, ...]) -> None:
    """Any command of Faust; `commerce-streams faust --help` lists them.

    \b
    Example: commerce-streams faust --json agents
    """  # noqa: D301  click reads \b as "keep these lines"
    _run(arguments)


@click.command(context_settings=PASSED)
@REST
def agents(*, arguments: tuple[str, ...]) -> None:
    """List agents.

    \b
    Example: commerce-streams agents
    """  # noqa: D301  as above
    _run(("agents", *arguments))


@click.command(context_settings=PASSED)
@REST
def tables(*, arguments: tuple[str, ...]) -> None:
    """List tables.

    \b
    Example: commerce-streams tables
    """  # noqa: D301  as above
    _run(("tables", *arguments))


@click.command(context_settings=PASSED)
@REST
def models(*, arguments: tuple[str, ...]) -> None:
    """List Faust's models.

    \b
    Example: commerce-streams models --builtins
    """  # noqa: D301  as above
    _run(("models", *arguments))


@click.command(context_settings=PASSED)
@REST
def model(*, arguments: tuple[str, ...]) -> None:
    """Show one of Faust's models.

    \b
    Example: commerce-streams model faust.agents.models.ModelReqRepRequest
    """  # noqa: D301  as above
    _run(("model", *arguments))


def _run(arguments: Sequence[str]) -> None:
    named = next((argument for argument in arguments if not argument.startswith("-")), "")
    if named in OURS:
        raise CannotRunError(f"faust {named}: {OURS[named]}")
    from faust.cli.faust import cli  # noqa: PLC0415  heavy, and it changes signal handlers

    from streams.app.application import Application  # noqa: PLC0415  as above
    from streams.app.preparation import Prepared  # noqa: PLC0415  as above
    from streams.app.targets import choose  # noqa: PLC0415  as above
    from streams.runtime.clock import SystemClock  # noqa: PLC0415  as above
    from streams.settings import read_settings  # noqa: PLC0415  as above

    settings = read_settings(os.environ)
    prepared, port = Prepared(RECORD_BYTES), settings.web.port
    application = Application(settings, prepared, choose(settings), clock=SystemClock(), web_port=port)
    sys.exit(cli(args=list(arguments), app=application.faust, prog_name="commerce-streams faust"))
