"""The end of an order's story: what its shipments wait for just now, which no topic tells but a running worker does."""

from typing import Any

import click

from streams.cli.failures import CannotRunError
from streams.cli.order_decision import PAGE
from streams.cli.output import say, shown
from streams.cli.worker_client import WorkerClient

Json = Any  # what a worker answers


def shipment_waits(client: WorkerClient, order_id: str) -> list[Json]:
    """Those that are not in the shop; where nobody tells, that is said, and the story stands without them."""
    try:
        view = client.get(PAGE, q=order_id)["data"]
    except CannotRunError as error:
        say(f"whether a shipment waits is not known: {error}")
        return []
    for left_out in view["missing"]:
        say(shown(left_out))
    return list(view.get("shipments", ()))


def as_row(one: Json, now: str) -> dict[str, object]:
    """In the form of the story's other rows."""
    return {
        "at": now,
        "kind": "waits",
        "state": one["state"],
        "text": _what(one),
        "detail": one["text"],
        "system": "commerce",
        "place": one["place"],
        "part": one["part"],
        "causes": [],
        "about": [],
    }


def print_waits(waiting: list[Json], sign: dict[str, str]) -> None:
    for one in waiting:
        click.echo(f"now {'':18} {sign.get(one['state'], '(?)')} {shown(_what(one))}  {shown(one['place'])}".rstrip())
        click.echo(f"{'':27}{shown(one['text'])}")


def _what(one: Json) -> str:
    since = f" since {one['since']}" if one["since"] else ""
    return f"shipment {one['part'] or '?'} is not in the shop{since}"
