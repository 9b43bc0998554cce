"""What `reconcile reservations` prints: what is wrong, why it may be, and the plan that sets it right."""

from collections.abc import Mapping, Sequence

import click

from streams.cli.output import echo_rows, say, shown
from streams.cli.worker_client import Json

FIRST = 50
COMMAND = "bin/magento inventory:reservation:create-compensations"
LIST = "bin/magento inventory:reservation:list-inconsistencies -r"
CERTAIN = "certain"


def tell(found: Mapping[str, Json]) -> None:
    """The findings, the plan, and how much was compared."""
    findings = found["findings"]
    for one in findings[:FIRST]:
        _finding(one)
    if len(findings) > FIRST:
        say(f"… and {len(findings) - FIRST:,} more of them: --json, or the page /reconciliation")
    if findings:
        click.echo()
    _plan(findings)
    echo_rows(("kind", "found"), [[kind, f"{number:,}"] for kind, number in found["found"].items()])
    click.echo(
        f"{found['compared']:,} pairs of stock and SKU compared: {found['agree']:,} agree, "
        f"{sum(found['found'].values()):,} do not; {found['set_aside']:,} are out of stock, where the shop says 0 "
        f"whatever is reserved; {found['unsettled']:,} moved all the time"
    )
    click.echo(f"{found['seconds']:.1f} s, {found['calls']:,} calls")


def _finding(one: Json) -> None:
    """One pair in some lines."""
    click.secho(f"{shown(one['sku'])} in stock {one['stock_id']}: {one['kind']}", bold=True)
    at_least = "at least " if one["is_bound"] else ""
    click.echo(
        f"  salable {one['salable']}; sources have {one['available']}; reserved {at_least}{one['reserved']}, "
        f"open orders promise {one['expected']}; difference {at_least}{one['difference']}"
    )
    for made in one["candidates"]:
        number = shown(made["order_number"])
        click.echo(f"  {one['certainty']}: order {number} ({made['quantity']}) {made['how']}")
    if not one["candidates"]:
        click.echo(f"  no single order makes the difference; the shop's own list names them: {LIST}")


def _plan(findings: Sequence[Json]) -> None:
    """In the form of the vendor's command; what is only likely stands by itself."""
    made = [one for one in findings if one["compensation"]]
    sure = [one["compensation"] for one in made if one["pasteable"] and one["certainty"] == CERTAIN]
    likely = [one["compensation"] for one in made if one["pasteable"] and one["certainty"] != CERTAIN]
    other = [one["compensation"] for one in made if not one["pasteable"]]
    _lines(f"Compensations (certain), for {COMMAND}:", sure)
    _lines(f"Compensations (likely: compare the orders with {LIST} first):", likely)
    _lines("Compensations of orders whose number that command does not read (it takes digits only):", other)


def _lines(title: str, arguments: Sequence[str]) -> None:
    if arguments:
        click.echo(title)
        for one in arguments:
            click.echo(shown(one))
        click.echo()
