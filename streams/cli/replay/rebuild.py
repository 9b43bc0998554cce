"""`replay rebuild`: a table from nothing, compared with the live one, and made the live one by an operator."""

import asyncio
import os
import sys
from typing import Any

import click

from streams.app.replay.offline_flow import IntakeWouldPauseError
from streams.app.replay.one_try import RegistryGoneError
from streams.app.replay.rebuild import Rebuilding, Rebuilt, TableLogs
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, echo_rows, json_option, progress, say
from streams.cli.replay.promotion import Promotion
from streams.cli.replay.workshop import workshop
from streams.cli.session import Session, actor_option, confirmed
from streams.domain.differences import DifferenceGroup
from streams.runtime.operating.replay_plan import Rebuild, rebuild_of
from streams.settings import read_without_targets
from streams.tables import STOCK_LEDGER, TABLES

WORDS = {
    "sku-only-live": "SKUs that only the live table knows",
    "sku-only-rebuilt": "SKUs that only the log knows",
    "shown": "shown by one of them only",
    "quantity": "another quantity",
    "status": "another stock status",
    "bucket": "buckets that differ, although the shop would show the same",
    "movement": "a remembered movement with another effect",
    "movement-only-live": "movements that only the live table remembers",
    "movement-only-rebuilt": "movements that only the log gives",
    "hold": "a hold that differs",
    "hold-only-live": "open holds that only the live table knows",
    "hold-only-rebuilt": "open holds that only the log gives",
    "location-user": "another first user of a location code",
}


@click.command("rebuild")
@click.argument("table", type=click.Choice([table.name for table in TABLES]))
@click.option("--promote", is_flag=True, help="Let the rebuilt table become the live one; workers must be stopped.")
@click.option("--examples", type=click.IntRange(0), default=5, show_default=True, help="Examples per group.")
@click.option("--reason", default="", help="Why, for the audit.")
@click.option("--yes", is_flag=True, help="Do not ask before promoting.")
@actor_option
@json_option
def rebuild(*, table: str, promote: bool, examples: int, reason: str, yes: bool, actor: str | None, json: bool) -> None:
    """Build TABLE from nothing with what the logs hold, beside the live one, and compare both.

    Nothing live is touched without --promote.  Exit code 0: they are the same (or the new one was promoted),
    1: they differ, 2: cannot run.

    \b
    Example: commerce-streams replay rebuild stock-ledger
    Example: commerce-streams replay rebuild stock-ledger --promote --reason "wrong mapping until Monday"
    """  # noqa: D301  click reads \b as "keep these lines"
    session = Session(actor) if promote else Session(actor, settings=read_without_targets(os.environ))
    found = rebuild_of(table, session.settings)
    if not promote and table != STOCK_LEDGER.name:
        raise CannotRunError(
            f"{table} cannot be compared: only {STOCK_LEDGER.name} is a function of its inputs alone; "
            "with --promote it begins from nothing"
        )
    promotion = Promotion(session, found) if promote else None
    compared = _compared(session, found, examples) if table == STOCK_LEDGER.name else None
    _print(compared, promotion, json=json)
    if promotion is None:
        sys.exit(FOUND_SOMETHING if compared is not None and compared.groups else 0)
    if not confirmed(f"Take away the live table {table} and build it anew?", yes=yes):
        sys.exit(FOUND_SOMETHING)
    promotion.carry_out(reason, _summary(compared))
    say("done: start the workers, which fold the logs, and watch with `commerce-streams status`")


def _compared(session: Session, wanted: Rebuild, examples: int) -> Rebuilt:
    with workshop(session) as (folder, serde), progress("Records") as done:
        rebuilding = Rebuilding(folder, session.settings.inventory, serde, session.reader.read)
        try:
            return asyncio.run(rebuilding.run(_logs(session, wanted), examples, done))
        except (IntakeWouldPauseError, RegistryGoneError) as error:
            raise CannotRunError(str(error)) from None


def _logs(session: Session, wanted: Rebuild) -> list[TableLogs]:
    changelog = session.brokers.spans(session.brokers.partitions(wanted.changelog))
    parts = [part for topic in wanted.topics for part in session.brokers.partitions(topic)]
    inputs = session.brokers.spans(parts)
    return [
        TableLogs((part, span), {one: inputs[one] for one in parts if one.number == part.number})
        for part, span in sorted(changelog.items())
    ]


# ── said ─────────────────────────────────────────────────────────────────────────────────────────


def _print(compared: Rebuilt | None, promotion: Promotion | None, *, json: bool) -> None:
    if json:
        moves = [] if promotion is None else promotion.rows()
        as_json({"comparison": None if compared is None else _document(compared), "moves": moves})
        return
    if compared is not None:
        _print_comparison(compared)
    if promotion is not None:
        echo_rows(
            ("topic", "partition", "goes back to", "records again"),
            [[str(row[name]) for name in ("topic", "partition", "to", "again")] for row in promotion.rows()],
        )
        say("\n".join(promotion.steps()))


def _print_comparison(compared: Rebuilt) -> None:
    click.echo(
        f"{compared.records:,} records make {compared.entries:,} SKUs; the live table has epoch {compared.epoch}"
    )
    if compared.cut:
        said = ", ".join(str(part) for part in compared.cut)
        click.echo(f"older records have left the log of {said}: the rebuilt table knows nothing of them")
    for group in compared.groups:
        click.echo(f"{group.number:,} × {_title(group)}")
        echo_rows(
            ("", "for example", "", "live", "rebuilt"),
            [["", one.name, one.place, one.before or "–", one.after or "–"] for one in group.examples],
        )
    if not compared.groups:
        click.echo("no difference: the logs give the live table")


def _title(group: DifferenceGroup) -> str:
    return f"{group.about}: {WORDS[group.kind]}" if group.about else WORDS[group.kind]


def _document(compared: Rebuilt) -> dict[str, Any]:  # Any: plain values
    groups = [
        {**group._asdict(), "what": WORDS[group.kind], "examples": [one._asdict() for one in group.examples]}
        for group in compared.groups
    ]
    return {
        "records": compared.records,
        "entries": compared.entries,
        "epoch": compared.epoch,
        "log_cut": [str(part) for part in compared.cut],
        "groups": groups,
    }


def _summary(compared: Rebuilt | None) -> str:
    """For the audit."""
    if compared is None:
        return "not compared"
    if not compared.groups:
        return "no difference"
    return "; ".join(f"{group.number} × {group.kind} {group.about}".strip() for group in compared.groups)[:500]
