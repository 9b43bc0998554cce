"""How commands print: rows for people, one JSON document for programs, progress where a person watches."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import msgspec

from streams.web.words import visible

Command = TypeVar("Command", bound=Callable[..., Any])  # Any: a click command's own arguments
LONGEST = 2000
Progress = Callable[[int, int], None]
"""Told how many of how many are done."""


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
    safe = [[shown(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[n]) for row in safe) for n in range(len(head))]
    for row in safe:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def shown(text: object) -> str:
    """Text of somebody else, so that nothing in it can steer the terminal."""
    return visible(str(text), LONGEST)


def say(text: str) -> None:
    """To stderr: what is done, beside the data."""
    click.echo(text, err=True)


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415  only a terminal needs it
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
