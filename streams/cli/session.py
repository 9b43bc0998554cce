"""What a command works with: the settings, and one client of each kind, made when it is first asked for."""

import getpass
import os
import socket
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import click

from schemas.models.operations import OperatorControl
from streams.runtime.clock import SystemClock
from streams.runtime.operating.acts import Acts, standing_orders
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.posting import Outgoing, Posting
from streams.runtime.operating.registry import OperatorRegistry
from streams.runtime.operating.wire import Wire
from streams.settings import Settings, read_settings

Command = TypeVar("Command", bound=Callable[..., Any])  # Any: a click command's own arguments


class Session:
    """Clients of one command.  Raises SettingsError when made, the clients' own errors later."""

    def __init__(
        self, actor: str | None = None, environ: Mapping[str, str] = os.environ, *, settings: Settings | None = None
    ) -> None:
        self.settings: Settings = settings or read_settings(environ)
        self.clock = SystemClock()
        self.actor = actor or _who()

    @cached_property
    def brokers(self) -> Brokers:
        """Asked once whether they answer, so that every later failure has another cause."""
        found = Brokers(self.settings.kafka)
        found.brokers()
        return found

    @cached_property
    def reader(self) -> LogReader:
        return self.new_reader()

    def new_reader(self) -> LogReader:
        """One more, for what follows a log while another is read."""
        _ = self.brokers  # it says why nothing could be read
        reader = LogReader(self.settings.kafka, self.settings.app_id)
        click.get_current_context().call_on_close(reader.close)
        return reader

    @cached_property
    def wire(self) -> Wire:
        registry = OperatorRegistry(self.settings.schema_registry)
        click.get_current_context().call_on_close(registry.close)
        return Wire(registry)

    @cached_property
    def posting(self) -> Posting:
        _ = self.brokers  # it says why nothing could be written
        return Posting(self.settings.kafka)

    @cached_property
    def acts(self) -> Acts:
        return Acts(self.wire, self.clock, self.actor)

    def orders(self) -> dict[str, OperatorControl]:
        """Standing orders that hold now."""
        return standing_orders(self.brokers, self.reader, self.wire)

    def do(self, act: Outgoing, audit: Outgoing) -> None:
        """First the audit, then the act: nothing is ever done that nobody can find."""
        self.posting.post([audit])
        self.posting.post([act])


def actor_option(command: Command) -> Command:
    """`--actor`, as every command that is audited has it."""
    option: Callable[[Command], Command] = click.option(
        "--actor", help="Who acts, for the audit; default: the user of this machine."
    )
    return option(command)


def confirmed(question: str, *, yes: bool) -> bool:
    """Asked on a terminal only; elsewhere whoever wrote the script has decided."""
    if yes or not sys.stdin.isatty() or click.confirm(question, err=True):
        return True
    click.echo("nothing was done", err=True)
    return False


def _who() -> str:
    try:
        return f"operator {getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):
        return "operator"
