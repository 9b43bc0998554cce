"""Prints the stock look-up as the page shows it: per source what is desired, written and shown, then how it comes."""

from typing import Any

import click

from streams.cli.output import echo_rows, say, shown
from streams.cli.trace import SIGNS

Json = Any  # what a worker answers


def print_stock(view: Json) -> None:
    """Cells that nobody knows are `unknown`, never 0."""
    click.echo(f"{SIGNS.get(view.get('state', ''), '(?)')} {shown(view.get('headline', ''))}")
    click.echo(f"    {shown(view.get('sentence', ''))}")
    for left_out in view.get("missing", ()):
        say(shown(left_out))
    echo_rows(("source", "desired", "written", "in shop", "state"), [_source(one) for one in view.get("sources", ())])
    for one in view.get("sources", ()):
        click.echo(f"  {_formula(one)}")
        if one.get("shipped"):
            click.echo(
                f"    + shipped, not yet posted {shown(one['shipped'])}: in the lane until Commerce has the shipment"
            )
    head = ("location", "bucket", "value", "base", "changes since", "system", "suspect")
    echo_rows(head, [_location(one) for one in view.get("locations", ())])
    held = view.get("reservations", ())
    echo_rows(("reserved for", "state", "quantity", "ends", "order"), [_reserved(one) for one in held])
    causes = view.get("causes", ())
    echo_rows(("last records", "at", "kind", "bucket", "quantity", "reason"), [_cause(one) for one in causes])
    for hint in view.get("dead_letters", ()):
        say(f"{hint['letters']} dead letters have this key: {shown(hint['reason'])}")


def _source(one: Json) -> list[str]:
    word = one.get("word") or one.get("state")
    return [
        _cell(one.get("source")),
        *(_cell(one.get(name)) for name in ("desired", "written", "in_shop")),
        _cell(word),
    ]


def _formula(one: Json) -> str:
    terms = " ".join(
        f"{'-' if term['sign'] < 0 else '+'} {term.get('label') or term['name']} {term['value']}"
        for term in one.get("terms", ())
    )
    how = shown(terms.removeprefix("+ ")) or "not known how"
    return f"{shown(one.get('source'))}: {how} = {_cell(one.get('desired'))}"


def _location(one: Json) -> list[str]:
    base = one.get("base")
    before, after = ("location", "bucket", "value"), ("deltas", "system")
    suspect = "suspect" if one.get("suspect") else "–"
    return [
        *(_cell(one.get(name)) for name in before),
        "no count yet" if base is None else str(base),
        *(_cell(one.get(name)) for name in after),
        suspect,
    ]


def _reserved(one: Json) -> list[str]:
    ends = "with its order" if one.get("expires_at") is None else _cell(one["expires_at"])
    order = _cell(one.get("order_id") or "–")
    return [*(_cell(one.get(name)) for name in ("client", "state", "quantity")), ends, order]


def _cause(one: Json) -> list[str]:
    return [_cell(one.get(name)) for name in ("place", "at", "kind", "bucket", "quantity", "reason")]


def _cell(value: Json) -> str:
    if isinstance(value, dict):
        value = value.get("value")
    return "unknown" if value is None else str(value)
