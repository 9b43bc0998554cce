"""`simulate`: a stand-in for a target or a warehouse, to try things without one."""

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence

import click

from streams.settings import Settings, SettingsError, read_settings


def _server(package: str) -> Callable[[Sequence[str]], int]:
    """Each has libraries of its own, so it is imported when it is asked for."""

    def run(arguments: Sequence[str]) -> int:
        module = importlib.import_module(f"simulators.{package}.server")
        code: int = module.main(arguments)
        return code

    return run


def _wms(arguments: Sequence[str]) -> int:
    from simulators.wms.__main__ import main  # noqa: PLC0415  as above

    return main([*_where(arguments), *arguments])


def _speaking(package: str) -> Callable[[Sequence[str]], int]:
    """Only one that tells its steps needs to know where."""
    start = _server(package)

    def run(arguments: Sequence[str]) -> int:
        return start([*(_where(arguments) if "--events" in arguments else ()), *arguments])

    return run


SERVERS = ("adobe_commerce", "netsuite", "rest_finance", "salesforce", "sap_s4hana")
SIMULATORS: Mapping[str, Callable[[Sequence[str]], int]] = {
    **{package.replace("_", "-"): _server(package) for package in SERVERS},
    "rest-carrier": _speaking("rest_carrier"),
    "rest-wms": _speaking("rest_wms"),
    "wms": _wms,
}


@click.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("name", metavar=f"[{'|'.join(SIMULATORS)}]", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def simulate(ctx: click.Context, *, name: str | None, arguments: tuple[str, ...]) -> None:
    """Run the stand-in NAME until SIGTERM; what follows the name goes to it (`simulate NAME --help`).

    Warehouses and carrier take brokers and registry from the settings unless they are told others.

    \b
    Example: commerce-streams simulate adobe-commerce --port 8080 --products 1000
    Example: commerce-streams simulate wms --skus 200 --rate 50 --seconds 90
    Example: commerce-streams simulate rest-wms --port 8092 --life --events
    """  # noqa: D301  click reads \b as "keep these lines"
    if name in (None, "-h", "--help"):
        click.echo(ctx.get_help())
        return
    if name not in SIMULATORS:
        raise click.UsageError(f"there is no simulator {name!r}; there are: {', '.join(SIMULATORS)}")
    sys.exit(SIMULATORS[name](arguments))


def _where(arguments: Sequence[str]) -> list[str]:
    """The options that the settings answer."""
    given = {argument.partition("=")[0] for argument in arguments}
    if given & {"-h", "--help"} or {"--bootstrap", "--registry"} <= given:
        return []
    try:
        settings = read_settings(os.environ)
    except SettingsError:
        return []
    known = {"--bootstrap": settings.kafka.bootstrap_servers, "--registry": settings.schema_registry.url}
    where = [word for option, value in known.items() if option not in given for word in (option, value)]
    return where if "--bootstrap" in given else [*where, *_signed_in(settings)]


def _signed_in(settings: Settings) -> list[str]:
    """How to speak to protected brokers; handed over inside this process, never on a command line."""
    from streams.runtime.kafka import confluent_options  # noqa: PLC0415  only a warehouse needs it

    options = confluent_options(settings.kafka)
    return [
        word
        for name, value in options.items()
        if name != "bootstrap.servers"
        for word in ("--property", f"{name}={value}")
    ]
