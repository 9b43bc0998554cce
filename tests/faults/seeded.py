"""A worker with a bug built in: `python -m tests.faults.seeded BUG worker`.

Fault tests that pass prove something only if they fail where the product is wrong: each bug breaks a rule of
docs/delivery.md, and tests/faults/test_seeded_bugs.py shows that its consequences are seen.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from streams.cli.main import main
from streams.domain import work
from streams.domain.work import Manner, Next, Step, Work
from streams.flows.orders import OrdersFlow
from streams.runtime import outbox
from streams.runtime.lease import Lease
from streams.runtime.outbox import Outboxes
from streams.tables import ORDERS

SLOW_S = 4.0


def retry_without_look() -> None:
    """Whatever became of the last call: the same again, as retry libraries do."""

    def next_step(due: Work, now: int, _manner: Manner, **_more: object) -> Next:
        if not due.pending or due.held is not None:
            return Next(Step.NOTHING)
        return Next(Step.WAIT, due.not_before) if due.not_before > now else Next(Step.CALL)

    work.next_step = next_step  # type: ignore[assignment]  # the bug


def commit_before_effect() -> None:
    """The entry is kept without its outbox, and its commands leave a moment later."""
    decide, tell = OrdersFlow._decide, Outboxes.tell  # noqa: SLF001  a bug is made inside

    def without_outbox(flow: OrdersFlow, *taken: Any) -> Any:  # noqa: ANN401  what the method takes and gives
        groups, messages = decide(flow, *taken)
        kept = [
            group._replace(writes=[write for write in group.writes if not write.key.startswith(outbox.PREFIX)])
            for group in groups
        ]
        return kept, messages

    async def later(outboxes: Outboxes, *taken: Any, **more: Any) -> None:  # noqa: ANN401  as above
        if outboxes._table.name == ORDERS.name:  # noqa: SLF001  as above
            await asyncio.sleep(SLOW_S)  # noqa: TID251  a real worker, slow on purpose
        await tell(outboxes, *taken, **more)

    OrdersFlow._decide = without_outbox  # type: ignore[method-assign,assignment]  # noqa: SLF001  as above
    Outboxes.tell = later  # type: ignore[method-assign,assignment]  # as above


def no_lease_check() -> None:
    """Who was stopped and goes on, acts as if nothing had happened."""

    def check(_lease: Lease, _generation: int | None = None) -> None:
        return

    Lease.check = check  # type: ignore[method-assign,assignment]  # the bug


BUGS: Mapping[str, Callable[[], None]] = {
    "retry-without-look": retry_without_look,
    "commit-before-effect": commit_before_effect,
    "no-lease-check": no_lease_check,
}


def run(bugs: Mapping[str, Callable[[], None]], arguments: Sequence[str]) -> None:
    """The command line with the bug that is named first."""
    bugs[arguments[0]]()
    sys.argv = ["commerce-streams", *arguments[1:]]
    main()


if __name__ == "__main__":
    run(BUGS, sys.argv[1:])
