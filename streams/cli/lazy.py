"""A command group that imports a command only when it is called: `--help` answers at once."""

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from streams.cli.failures import plain


class Entry(NamedTuple):
    """Where a command is defined, under which heading it is listed, and its one line in `--help`."""

    module: str
    attribute: str
    heading: str
    help: str


class LazyGroup(click.Group):
    """`entries` by name, in the order of the list; failures that a person can cause become one line."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:  # Any: as click declares it
        super().__init__(*args, **kwargs)
        self._entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(self._entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  as above
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(importlib.import_module(entry.module), entry.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as above
        headings = dict.fromkeys(entry.heading for entry in self._entries.values())
        for heading in headings:
            rows = [(name, entry.help) for name, entry in self._entries.items() if entry.heading == heading]
            with formatter.section(heading):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:  # Any: whatever a command returns
        with plain():
            return super().invoke(ctx)
