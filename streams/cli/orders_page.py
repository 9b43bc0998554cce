"""Prints an order, and the orders that wait, as the pages show them; what nobody knows is `unknown`, never 0."""

from typing import Any

import click

from streams.cli.output import echo_rows, say, shown
from streams.cli.trace import SIGNS

Json = Any  # what a worker answers


def print_order(view: Json) -> None:
    click.echo(f"{SIGNS.get(view['state'], '(?)')} {shown(view['id'])}: {shown(view['headline'])}")
    click.echo(f"    {shown(view['sentence'])}")
    for left_out in view["missing"]:
        say(shown(left_out))
    _facts(view)
    for one in view["holds"]:
        click.echo(f"held since {_cell(one['at'])}: {one['reason']} {shown(one['detail'])}".rstrip())
        click.echo(f"    {shown(one['title'])}. {shown(one['advice'])}")
    echo_rows(("system", "state", "numbers", "asked, not answered", "since", "attempts"), _systems(view))
    for one in view["systems"]:
        if one["why"]:
            click.echo(f"  {shown(one['name'])}: {shown(one['why'])}")
    for one in view["shipments"]:
        since = f" since {one['since']}" if one["since"] else ""
        click.echo(f"{SIGNS.get(one['state'], '(?)')} shipment {shown(one['part'])} is not in the shop{since}")
        click.echo(f"    {shown(one['text'])}")
    echo_rows(("came too early", "part", "waits for", "goes to a person"), [_parked(one) for one in view["parked"]])
    echo_rows(("line", "sku", *view["steps"], "promised"), [_line(one) for one in view["lines"]])
    if view["steps_left_out"] and view["lines"]:
        click.echo(f"    nothing {', '.join(view['steps_left_out'])} yet")
    echo_rows(("shipment or return", "number", "state", "tracks"), [_part(one) for one in view["parts"]])
    documents = [(one["kind"], one["number"], one["system"]) for one in view["documents"]]
    echo_rows(("document", "number", "by"), documents)
    click.echo(f"what happened: commerce-streams trace {shown(view['id'])}")


def print_queue(view: Json) -> None:
    click.echo(f"{SIGNS.get(view['state'], '(?)')} {shown(view['headline'])}")
    if view["sentence"]:
        click.echo(f"    {shown(view['sentence'])}")
    for left_out in view["missing"]:
        say(shown(left_out))
    if view["queue"] == "held":
        echo_rows(("order", "since", "amount", "why"), [_held(one) for one in view["items"]])
    else:
        echo_rows(("order", "since", "waits for", "", "target", "attempts"), [_stuck(one) for one in view["items"]])
    if view["total"] is not None and view["total"] > len(view["items"]):
        least = "" if view["total_is"] == "exact" else "at least "
        say(f"the oldest {len(view['items'])} of {least}{view['total']}")


def _facts(view: Json) -> None:
    amount = "unknown" if view["total"] is None else f"{view['total']} {shown(view['currency'])}"
    rows = (
        ("state", f"{view['order_state']}: {view['about']}"),
        ("channel", f"{view['channel']} {view['number']}"),
        ("ERP number", view["erp_number"] or "none yet"),
        ("placed", _cell(view["placed_at"])),
        ("amount", amount),
        ("promised", view["promised_at"] or "no date yet"),
    )
    for name, value in rows:
        click.echo(f"{name:<11} {shown(value)}")


def _systems(view: Json) -> list[list[str]]:
    rows = []
    for one in view["systems"]:
        first = one["pending"][0] if one["pending"] else None
        what = "nothing" if first is None else first["what"]
        more = f" and {len(one['pending']) - 1} more" if len(one["pending"]) > 1 else ""
        since = "–" if first is None else _cell(first["since"])
        numbers = ", ".join(one["numbers"]) or "–"
        rows.append(
            [f"{one['name']} ({one['target']})", one["word"], numbers, what + more, since, str(one["attempts"])]
        )
    return rows


def _parked(one: Json) -> list[str]:
    return [one["kind"], one["part"] or "–", " or ".join(one["waits_for"]), _cell(one["until"])]


def _part(one: Json) -> list[str]:
    return [one["kind"], one["document"] or one["part"], one["word"], ", ".join(one["tracks"]) or "–"]


def _line(one: Json) -> list[str]:
    return [one["line_id"], one["sku"], *one["steps"], one["promised_at"] or "–"]


def _stuck(one: Json) -> list[str]:
    target = f"{one['target']} {one['target_word']}".strip()
    sign = SIGNS.get(one["target_state"], "(?)")
    return [one["id"], _cell(one["since"]), one["waits_for"], sign, target, str(one["attempts"])]


def _held(one: Json) -> list[str]:
    amount = "unknown" if one["total"] is None else f"{one['total']} {one['currency']}"
    why = "; ".join(f"{reason['reason']} {reason['detail']}".rstrip() for reason in one["reasons"])
    return [one["id"], _cell(one["since"]), amount, why or "unknown"]


def _cell(value: Json) -> str:
    return "unknown" if value is None else str(value)
