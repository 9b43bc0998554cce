"""`schemas apply`: registers the contracts, and says by field what stands against it."""

import os
import sys

import click
from confluent_kafka.schema_registry.error import SchemaRegistryError

from schemas.catalogue import CONTRACTS
from schemas.compatibility import differences
from streams.cli.output import as_json, echo_rows, json_option
from streams.runtime.operating.registry import OperatorRegistry
from streams.settings import read_settings


@click.group()
def schemas() -> None:
    """The Avro contracts in the schema registry.

    \b
    Example: commerce-streams schemas apply --dry-run
    """  # noqa: D301  click reads \b as "keep these lines"


@schemas.command("apply")
@click.option("--dry-run", is_flag=True, help="Only print the difference.")
@json_option
def apply(*, dry_run: bool, json: bool) -> None:
    """Register every contract; an incompatible one is reported by field and not registered.

    \b
    Example: commerce-streams schemas apply
    """  # noqa: D301  as above
    with OperatorRegistry(read_settings(os.environ).schema_registry) as registry:
        rows = [_apply(contract.subject, contract.schema_text, registry, dry_run=dry_run) for contract in CONTRACTS]
    if json:
        as_json([{"subject": subject, "state": state, "detail": detail} for subject, state, detail in rows])
    else:
        echo_rows(("subject", "state", "detail"), rows)
    sys.exit(1 if any(state == "incompatible" for _, state, _ in rows) else 0)


def _apply(subject: str, text: str, registry: OperatorRegistry, *, dry_run: bool) -> tuple[str, str, str]:
    known = registry.id_of(subject, text)
    if known is not None:
        return subject, "registered", f"id {known}"
    latest = registry.latest(subject)
    against = differences(latest, text) if latest is not None else []
    if against:
        return subject, "incompatible", "; ".join(against)
    if dry_run:
        return subject, "missing", "would be registered"
    try:
        return subject, "new", f"id {registry.register(subject, text)}"
    except SchemaRegistryError as error:
        return subject, "incompatible", str(error.error_message)[:300]
