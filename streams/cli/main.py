"""The command `commerce-streams`: every command hangs below it, and is imported only when it is called."""

from collections.abc import Mapping

import click

from streams.cli.lazy import Entry, LazyGroup

RUN, LOOK, ACT, SET_UP, FAUST = "Run", "Look", "Act (audited)", "Set up", "Faust's own"

ENTRIES: Mapping[str, Entry] = {
    "worker": Entry("streams.cli.worker", "worker", RUN, "Work until SIGTERM."),
    "gateway": Entry("streams.cli.gateway", "gateway", RUN, "Take orders over HTTP until SIGTERM."),
    "poll": Entry("streams.cli.poll", "poll", RUN, "Look for what events missed until SIGTERM."),
    "demo": Entry("streams.cli.demo.command", "demo", RUN, "A story on real Kafka, with its result checked."),
    "simulate": Entry("streams.cli.simulate", "simulate", RUN, "Run a stand-in for a target or a warehouse."),
    "status": Entry("streams.cli.status", "status", LOOK, "Is anything wrong?  As the first page says it."),
    "doctor": Entry("streams.cli.doctor", "doctor", LOOK, "Check brokers, topics, schemas, rights, target and disk."),
    "trace": Entry("streams.cli.trace", "trace", LOOK, "The story of one SKU, order or record."),
    "stock": Entry("streams.cli.stock", "stock", LOOK, "Show a SKU, ask for a recount, state a quantity."),
    "orders": Entry(
        "streams.cli.orders", "orders", LOOK, "Show an order or those that wait; release, reject, correct one."
    ),
    "dead-letters": Entry(
        "streams.cli.dead_letters", "dead_letters", ACT, "List, show, retry, correct, discard letters."
    ),
    "gaps": Entry("streams.cli.gaps", "gaps", ACT, "Records that were lost before they were read."),
    "resume": Entry("streams.cli.resume", "resume", ACT, "Read a topic again whose intake was paused."),
    "sinks": Entry("streams.cli.sinks", "sinks", ACT, "How targets are written: run, pause, shadow."),
    "reconcile": Entry(
        "streams.cli.reconcile", "reconcile", ACT, "Compare stock and orders with their targets; repair, requeue."
    ),
    "completeness": Entry(
        "streams.cli.completeness", "completeness", LOOK, "Does every day close?  What is missing, by name."
    ),
    "replay": Entry("streams.cli.replay.command", "replay", ACT, "Read a topic again: what-if, reprocess, rebuild."),
    "topics": Entry("streams.cli.topics", "topics", SET_UP, "The topics and changelogs of this application."),
    "schemas": Entry("streams.cli.schemas", "schemas", SET_UP, "The Avro contracts in the schema registry."),
    "docs": Entry("streams.cli.docs", "docs", SET_UP, "Write the generated pages of docs/."),
    "faust": Entry("streams.cli.faust_commands", "faust", FAUST, "Any command of Faust for this application."),
    "agents": Entry("streams.cli.faust_commands", "agents", FAUST, "List agents."),
    "tables": Entry("streams.cli.faust_commands", "tables", FAUST, "List tables."),
    "models": Entry("streams.cli.faust_commands", "models", FAUST, "List Faust's models."),
    "model": Entry("streams.cli.faust_commands", "model", FAUST, "Show one of Faust's models."),
}


@click.group(
    cls=LazyGroup,
    entries=ENTRIES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="commerce-streams")
def cli() -> None:
    """Keeps Adobe Commerce in step with WMS, ERP and CRM.

    Settings come from STREAMS_… variables and the file that STREAMS_CONFIG names.
    Exit codes: 0 done, 1 found something wrong, 2 cannot run.

    \b
    Example: commerce-streams doctor
    """  # noqa: D301  click reads \b as "keep these lines"


def main() -> None:
    """Entry point."""
    cli(prog_name="commerce-streams")
