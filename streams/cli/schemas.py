"""`schemas apply`: registers the contracts, and says by field what stands against it."""

import os
import sys

import click
from confluent_kafka.schema_registry.error import SchemaRegistryError

from schemas.catalogue import CONTRACTS
from schemas.compatibility import differences
from streams.cli.output import as_json, echo_rows, json_option
from streams.runtime.registry import HttpRegistry
from streams.runtime.serde import RegistryUnavailableError
from streams.settings import Settings, read_settings


@click.group()
def schemas() -> None:
    """The Avro contracts in the schema registry."""


@schemas.command("apply")
@click.option("--dry-run", is_flag=True, help="Only print the difference.")
@json_option
def apply(dry_run: bool, json: bool) -> None:  # noqa: FBT001  click's own way
    """Register every contract; an incompatible one is reported by field and not registered.

    Example: commerce-streams schemas apply
    """
    settings = read_settings(os.environ)
    try:
        rows = [_apply(contract.subject, contract.schema_text, settings, dry_run=dry_run) for contract in CONTRACTS]
    except RegistryUnavailableError as error:
        click.echo(f"commerce-streams: STREAMS_SCHEMA_REGISTRY__URL: {error}", err=True)
        sys.exit(2)
    if json:
        as_json([{"subject": subject, "state": state, "detail": detail} for subject, state, detail in rows])
    else:
        echo_rows(("subject", "state", "detail"), rows)
    sys.exit(1 if any(state == "incompatible" for _, state, _ in rows) else 0)


def _apply(subject: str, text: str, settings: Settings, *, dry_run: bool) -> tuple[str, str, str]:
    registry = HttpRegistry(settings.schema_registry)
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
