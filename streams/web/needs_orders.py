"""Needs around orders: those that a person must decide, and those whose target has not answered for long."""

from collections.abc import Iterator

from streams.web.need import Link, Need
from streams.web.order_facts import STUCK_AFTER_S
from streams.web.order_words import hold_title, speaker, system
from streams.web.situation import Situation
from streams.web.words import many, moment, moment_or_none, seconds_since

REASONS_NAMED = 3


def _held(at: Situation) -> Iterator[Need]:
    sums = at.orders
    if sums is None or not sums.held:
        return
    least = "" if sums.is_whole else "At least "
    named = sorted(sums.reasons.items(), key=lambda one: (-one[1], one[0]))
    reasons = "; ".join(f"{hold_title(code)}: {number:,}" for code, number in named[:REASONS_NAMED])
    more = f" {many(len(named) - REASONS_NAMED, 'more reason')}." if len(named) > REASONS_NAMED else ""
    yield Need(
        "attention",
        "Held",
        f"{least}{many(sums.held, 'order')} {'waits' if sums.held == 1 else 'wait'} for a decision.",
        moment_or_none(sums.oldest_held_at),
        f"{reasons}.{more} Nothing of them is lost.",
        Link("See the orders", "/orders"),
        steps=("`commerce-streams orders held`",),
    )


def _refused(at: Situation) -> Iterator[Need]:
    """A target of orders that refuses us stops all of its orders, however young."""
    sums = at.orders
    for role, why in sorted(sums.refusing.items()) if sums is not None else ():
        waiting = sums.waiting.get(role, 0) if sums is not None else 0
        yield Need(
            "stopped",
            "Stopped",
            f"{speaker(role)} refuses us: a person must act.",
            moment_or_none(sums.oldest_waiting_at.get(role)) if sums is not None else None,
            f"{why}. {many(waiting, 'order')} {'waits' if waiting == 1 else 'wait'} safely; {_SAFE}",
            Link("See the orders", "/orders#stuck"),
            steps=("Correct the setting or the credential of the connector.", "Restart the workers."),
        )


def _stuck(at: Situation) -> Iterator[Need]:
    """One need for each target that lets orders wait."""
    sums = at.orders
    if sums is None:
        return
    for role, since in sorted(sums.oldest_waiting_at.items()):
        if role not in sums.refusing and seconds_since(since, at.now) > STUCK_AFTER_S:
            number = sums.waiting.get(role, 1)
            yield Need(
                "attention",
                "Waits",
                f"{many(number, 'order')} {'waits' if number == 1 else 'wait'} for {system(role)}.",
                moment(since),
                f"What the target takes goes out by itself; {_SAFE}",
                Link("See the orders", "/orders#stuck"),
                steps=("`commerce-streams orders stuck`",),
            )


_SAFE = "do not key them by hand."
RULES = (_held, _refused, _stuck)
