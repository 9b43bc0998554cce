"""The local stack as a command, for people who want to try things by hand."""

import json
import shlex
from pathlib import Path
from typing import Any

import click

from simulators.local_stack import quick_start
from simulators.local_stack.errors import StackError
from simulators.local_stack.jars import kafka_jars
from simulators.local_stack.progress import Progress
from simulators.local_stack.registry_archive import registry_home
from simulators.local_stack.relock import lock_kafka, lock_registry
from simulators.local_stack.stack import LocalStack
from simulators.local_stack.status import PartStatus, parts

SOMETHING_WRONG, CANNOT_RUN = 1, 2
REGISTRY = "registry"


class CannotRunError(click.ClickException):
    exit_code = CANNOT_RUN


class StackCommands(click.Group):
    """Says a StackError as one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        try:
            return super().invoke(ctx)
        except StackError as error:
            raise CannotRunError(str(error)) from None


class ShownProgress:
    """One line per step; on a terminal the line of a download counts up."""

    def __init__(self) -> None:
        self._terminal = click.get_text_stream("stderr").isatty()
        self._last = ""

    def __call__(self, progress: Progress) -> None:
        if progress.text != self._last:
            self._last = progress.text
            click.echo(f"{progress.text} …", err=True)
        elif self._terminal and progress.total:
            click.echo(f"\r  {progress.done / progress.total:4.0%}\r", nl=False, err=True)


def folder_option(command: Any) -> Any:  # noqa: ANN401 - click's decorators are not typed more closely
    """Every command but `fetch`, `prepare` and `lock` works on one folder."""
    option = click.option(
        "--dir",
        "folder",
        type=click.Path(path_type=Path),
        default=".local-stack",
        envvar="COMMERCE_STREAMS_STACK_DIR",
        show_default=True,
        show_envvar=True,
    )
    return option(command)


@click.group(cls=StackCommands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Real Kafka and a real schema registry on this machine, without Docker.

    \b
    Examples:
      eval "$(python -m simulators.local_stack up)"          start, and tell the shell where
      python -m simulators.local_stack status                what runs, and why something does not
      python -m simulators.local_stack down --wipe           stop and remove all data

    Exit codes: 0 done, 1 found something that does not run, 2 cannot run.
    """  # noqa: D301 - click reads \b as "keep these lines"


@main.command()
@folder_option
@click.option("--port", default=9092, show_default=True, help="First Kafka port; 0 takes free ones.")
@click.option("--registry-port", default=8081, show_default=True, help="0 takes a free one.")
@click.option("--nodes", type=click.Choice(["1", "3"]), default="1", show_default=True, help="Brokers.")
@click.option("--secure", is_flag=True, help="Users with passwords and rights: admin, app, stranger.")
@click.option("--tls", is_flag=True, help="Encrypted, with an authority of its own.")
@click.option("--fresh", is_flag=True, help="Remove the data of earlier runs first.")
def up(folder: Path, *, fresh: bool, nodes: str, **options: Any) -> None:  # noqa: ANN401 - click passes them by name
    """Start both in the background and print what a shell needs to know.

    \b
    Examples:
      python -m simulators.local_stack up
      python -m simulators.local_stack up --nodes 3 --dir three --port 0 --registry-port 0
      python -m simulators.local_stack up --secure --tls --dir locked
    """  # noqa: D301 - click reads \b as "keep these lines"
    stack = LocalStack(folder, nodes=int(nodes), kept=True, detached=True, progress=ShownProgress(), **options)
    if fresh:
        stack.stop(wipe=True)
    stack.start()
    click.echo(f"ready: Kafka {stack.kafka.bootstrap}, registry {stack.registry.url}", err=True)
    for name, value in stack.environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")


@main.command()
@folder_option
@click.option("--wipe", is_flag=True, help="Remove the data, too.")
def down(folder: Path, *, wipe: bool) -> None:
    """Stop both; the data stay unless --wipe is given.

    \b
    Example:
      python -m simulators.local_stack down --wipe
    """  # noqa: D301 - click reads \b as "keep these lines"
    _stack(folder).stop(wipe=wipe)


@main.command()
@folder_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def status(context: click.Context, folder: Path, *, as_json: bool) -> None:
    """Show what runs, where, and why something ended.

    \b
    Example:
      python -m simulators.local_stack status --json
    """  # noqa: D301 - click reads \b as "keep these lines"
    found = parts(_stack(folder))
    if as_json:
        click.echo(json.dumps([part.as_json() for part in found], indent=1))
    else:
        click.echo("\n".join(map(_line, found)) or f"nothing was started in {folder}")
    if not found or not all(part.running for part in found):
        context.exit(SOMETHING_WRONG)


@main.command()
@click.argument("part")
@folder_option
def kill(part: str, folder: Path) -> None:
    """Kill -9 of a broker (its number) or of the registry, to see what then happens.

    \b
    Examples:
      python -m simulators.local_stack kill 2 --dir three
      python -m simulators.local_stack kill registry
    """  # noqa: D301 - click reads \b as "keep these lines"
    stack = _stack(folder)
    if part == REGISTRY:
        stack.registry.kill()
    else:
        stack.kafka.kill(_number(part))


@main.command()
@click.argument("part")
@folder_option
def restart(part: str, folder: Path) -> None:
    """Bring back a broker (its number) or the registry after `kill`.

    \b
    Example:
      python -m simulators.local_stack restart 2 --dir three
    """  # noqa: D301 - click reads \b as "keep these lines"
    stack = _stack(folder)
    if part == REGISTRY:
        stack.registry.start()
    else:
        stack.kafka.restart_node(_number(part))


@main.command()
def fetch() -> None:
    """Download everything now, so that `up` needs no network later.

    \b
    Example:
      KAFKA_JARS_DIR=/media/stick python -m simulators.local_stack fetch
    """  # noqa: D301 - click reads \b as "keep these lines"
    progress = ShownProgress()
    click.echo(kafka_jars(progress))
    click.echo(registry_home(progress))


@main.command()
def prepare() -> None:
    """Let Java keep what a start loads, so that every later one takes half the time; worth it before many starts.

    \b
    Example:
      python -m simulators.local_stack prepare
    """  # noqa: D301 - click reads \b as "keep these lines"
    kept = quick_start.prepare(ShownProgress())
    click.echo("\n".join(map(str, kept)) or "this Java keeps no start caches; 25 and newer do")


@main.command()
@click.argument("what", type=click.Choice(["kafka", REGISTRY]))
@click.argument("version")
def lock(what: str, version: str) -> None:
    """Pin another version (for maintainers): writes the lock file in this package.

    \b
    Example:
      python -m simulators.local_stack lock kafka 4.3.1
    """  # noqa: D301 - click reads \b as "keep these lines"
    written = lock_registry(version) if what == REGISTRY else lock_kafka(version)
    click.echo(f"{len(written.files)} files in {written.source}")


def _stack(folder: Path) -> LocalStack:
    return LocalStack(folder, kept=True, detached=True, progress=ShownProgress())


def _number(part: str) -> int:
    if not part.isdigit():
        raise click.BadParameter(f"{part!r} is neither a broker's number nor `{REGISTRY}`")
    return int(part)


def _line(part: PartStatus) -> str:
    state = f"running, process {part.pid}" if part.running else f"stopped{f': {part.why}' if part.why else ''}"
    return f"{part.name:<14}{part.address:<42}{state}"
