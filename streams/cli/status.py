"""`status`: is anything wrong?  In the words of the first page, from the same JSON."""

import sys
from typing import Any

import click

from streams.cli.failures import FOUND_SOMETHING
from streams.cli.output import as_json, echo_rows, json_option, shown
from streams.cli.session import Session
from streams.cli.trace import SIGNS
from streams.cli.worker_client import url_option, worker_client

Json = Any  # what a worker answers


@click.command()
@url_option
@json_option
def status(*, url: str | None, json: bool) -> None:
    """Ask a running worker how everything stands; exit code 1 while something needs a person.

    \b
    Example: commerce-streams status --url http://127.0.0.1:6066
    """  # noqa: D301  click reads \b as "keep these lines"
    answer = worker_client(Session().settings, url).get("/status")
    if json:
        as_json(answer)
    else:
        _print(answer)
    sys.exit(0 if answer.get("state") == "ok" else FOUND_SOMETHING)


def _print(answer: Json) -> None:
    data = answer.get("data", {})
    verdict = data.get("verdict", {})
    click.echo(f"{_sign(answer)} {shown(verdict.get('headline', 'No verdict'))}")
    click.echo(f"    {shown(verdict.get('sentence', ''))}")
    for need in verdict.get("needs", ()):
        _print_need(need)
    if verdict.get("more"):
        click.echo(f"    and {verdict['more']} more")
    for tile in data.get("figures", ()):
        click.echo(f"{tile.get('name')}: {_figure(tile.get('figure', {}))}")
    for sink in data.get("sinks", ()):
        _print_queue(sink)
    intake = data.get("intake", ())
    echo_rows(("topic", "", "state", "waiting", "oldest"), [_row(one, INTAKE) for one in intake])
    workers = data.get("workers", ())
    echo_rows(("worker", "", "state", "partitions", "version"), [_row(one, WORKER) for one in workers])
    tables = data.get("reference", ())
    echo_rows(("checked against", "worker", "", "state", "rows", "newest"), [_row(one, REFERENCE) for one in tables])
    sums = data.get("accounting", {})
    click.echo(f"{_sign(sums)} {shown(sums.get('note', ''))}")


def _print_need(need: Json) -> None:
    click.echo(f"  {_sign(need)} {shown(need.get('label', ''))}: {shown(need.get('what', ''))}")
    for line in (need.get("why"), *need.get("steps", ())):
        if line:
            click.echo(f"      {shown(line)}")


def _print_queue(sink: Json) -> None:
    """Of sinks of orders that have something to do, or a forecast that was checked."""
    queue = sink.get("queue") or {}
    if queue.get("waiting") or queue.get("compared_text"):
        click.echo(f"{shown(sink.get('name', ''))}: {shown(queue.get('text', ''))}")
    if queue.get("compared_text"):
        click.echo(f"    {shown(queue['compared_text'])}")


def _sign(one: Json) -> str:
    return SIGNS.get(str(one.get("state")), "(?)")


def _figure(figure: Json) -> str:
    if figure.get("value") is None:
        return f"unknown ({figure.get('why') or 'nobody tells of it'})"
    return f"{figure['value']} {figure.get('unit', '')}".rstrip()


INTAKE = ("topic", "state", "word", "waiting", "oldest")
REFERENCE = ("topic", "worker", "state", "word", "rows", "newest_at")
WORKER = ("id", "state", "word", "partitions", "version")


def _row(one: Json, names: tuple[str, ...]) -> list[str]:
    return [_sign(one) if name == "state" else str(one.get(name, "unknown")) for name in names]
