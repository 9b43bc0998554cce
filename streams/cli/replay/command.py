"""`replay`: what other settings would send, the same records again, or a table from nothing."""

import click

from streams.cli.lazy import Entry, LazyGroup

LOOK, ACT = "Look", "Act (audited)"


@click.group(
    cls=LazyGroup,
    entries={
        "what-if": Entry("streams.cli.replay.what_if", "what_if", LOOK, "What other settings would have sent."),
        "reprocess": Entry("streams.cli.replay.reprocess", "reprocess", ACT, "A range again, while workers run."),
        "rebuild": Entry("streams.cli.replay.rebuild", "rebuild", ACT, "A table from nothing, compared, promoted."),
    },
)
def replay() -> None:
    """Read a topic again.

    \b
    Example: commerce-streams replay what-if wms.stock-change.v1 --from 6h --set STREAMS_INVENTORY__BUFFER=2
    Example: commerce-streams replay reprocess wms.stock-change.v1 --from 6h
    Example: commerce-streams replay rebuild stock-ledger
    """  # noqa: D301  click reads \b as "keep these lines"
