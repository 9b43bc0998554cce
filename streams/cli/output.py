"""How commands print: rows for people, one JSON document for programs."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec

Command = TypeVar("Command", bound=Callable[..., Any])  # Any: a click command's own arguments


def json_option(command: Command) -> Command:
    """`--json`, as every command that prints data has it."""
    option: Callable[[Command], Command] = click.option("--json", is_flag=True, help="Print one JSON document.")
    return option(command)


def as_json(document: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def echo_rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they need to be; nothing where there are no rows."""
    if not rows:
        return
    widths = [max(len(str(row[n])) for row in (head, *rows)) for n in range(len(head))]
    for row in (head, *rows):
        click.echo("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
