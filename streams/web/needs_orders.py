"""Needs around orders: those that a person must decide, and those whose target has not answered for long."""

from collections.abc import Iterable, Iterator

from streams.domain.order_holds import HoldReason
from streams.web.need import Link, Need
from streams.web.needs_mode import not_running
from streams.web.order_facts import STUCK_AFTER_S, OrderSums
from streams.web.order_stages import sink_key
from streams.web.order_words import hold_title, speaker, system
from streams.web.queue_words import queue_line
from streams.web.role_sinks import BREAKER_STATE, RoleSink
from streams.web.situation import Situation, title
from streams.web.words import many, moment, moment_or_none, seconds_since, upper_first

REASONS_NAMED = 3
REFUSED_AT_SHOP = HoldReason.REFUSED_AT_SHOP.value


def _held(at: Situation) -> Iterator[Need]:
    sums = at.orders
    others = {} if sums is None else {code: n for code, n in sums.reasons.items() if code != REFUSED_AT_SHOP}
    held = 0 if sums is None else sums.undecided
    if sums is None or not held:
        return
    least = "" if sums.is_whole else "at least "
    named = sorted(others.items(), key=lambda one: (-one[1], one[0]))
    reasons = "; ".join(f"{hold_title(code)}: {least}{number:,}" for code, number in named[:REASONS_NAMED])
    more = f" {many(len(named) - REASONS_NAMED, 'more reason')}." if len(named) > REASONS_NAMED else ""
    yield Need(
        "attention",
        "Held",
        f"{least.capitalize()}{many(held, 'order')} {'waits' if held == 1 else 'wait'} for a decision.",
        moment_or_none(_oldest(sums, others)),
        f"{reasons}.{more} Nothing of them is lost.",
        Link("See the orders", "/orders"),
        steps=("`commerce-streams orders held`",),
    )


def _oldest(sums: OrderSums, codes: Iterable[str]) -> int | None:
    """Since when the oldest of these reasons holds an order."""
    return min((at for code in codes if (at := sums.oldest_by_reason.get(code))), default=sums.oldest_held_at)


def _kept_open(at: Situation) -> Iterator[Need]:
    """Over everywhere else: whoever placed them sees them open, and may wait for goods."""
    sums = at.orders
    number = 0 if sums is None else sums.reasons.get(REFUSED_AT_SHOP, 0)
    if sums is None or not number:
        return
    least = "" if sums.is_whole else "at least "
    yield Need(
        "attention",
        "Kept open",
        f"The shop refused to cancel {least}{many(number, 'order')}.",
        moment_or_none(sums.oldest_by_reason.get(REFUSED_AT_SHOP)),
        f"{'It is' if number == 1 else 'They are'} over everywhere else, and the shopper sees an open order. Cancel "
        "there, or give back what was invoiced, then release: the shop is asked once more.",
        Link("See the orders", "/orders"),
        steps=("`commerce-streams orders held`", "`commerce-streams orders release ID --reason …`"),
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
            steps=(
                "Correct the setting or the credential of the connector.",
                "If it stands in no file of its own, restart the workers.",
            ),
        )


def _away(at: Situation) -> Iterator[Need]:
    """A target that takes no calls delays its own orders only, from the first minute on."""
    for one in at.order_sinks:
        if BREAKER_STATE.get(one.target.state, "unknown") != "ok" and one.target.state != "needs-operator":
            again = "One call is on its way to see." if one.target.state == "trying" else "We try again by ourselves."
            yield Need(
                "stopped" if one.target.state == "open" else "attention",
                "Stopped" if one.target.state == "open" else "Tried",
                f"{speaker(one.role)} ({title(one.target.name)}) does not take our calls.",
                moment_or_none(one.target.since),
                f"{one.target.why}. {again} {_queue(at, one)}",
                Link("See the sink", f"/#{sink_key(one.role)}"),
                steps=(f"Check whether {title(one.target.name)} is up, and whether our workers reach it.",),
            )


def _mode(at: Situation) -> Iterator[Need]:
    """Where the role is the stock lane's as well, that tells of the same order of a person; its orders wait too."""
    for one in at.order_sinks:
        if one.mode == "run":
            continue
        yield not_running(
            at,
            one.sink,
            one.mode,
            who=f"The sink of orders for {system(one.role)}",
            effect=f"Nothing of orders is sent to {system(one.role)}. {_waiting(one)}",
            anchor=sink_key(one.role),
        )


def _cut_offs(at: Situation) -> Iterator[Need]:
    """What will miss its cut-off though nothing is wrong but that there is too much of it, or the target was away."""
    for one in at.order_sinks:
        line = queue_line(one, at.now)
        late = sum(due.orders for due in (*(line.will_miss or ()), *line.missed))
        if late:
            yield Need(
                "attention",
                "Cut-off",
                f"{many(late, 'order')} {'misses' if late == 1 else 'miss'} a cut-off at {system(one.role)}.",
                line.oldest_since,
                f"{upper_first(line.text)}. Those that can still be there in time go first.",
                Link("See the sink", f"/#{sink_key(one.role)}"),
                steps=("`commerce-streams status`",),
            )


def _queue(at: Situation, one: RoleSink) -> str:
    line = queue_line(one, at.now)
    return f"{upper_first(line.text)}. Nothing is lost; {_SAFE}" if line.waiting else _waiting(one)


def _waiting(one: RoleSink) -> str:
    return f"{many(one.pending, 'order')} {'waits' if one.pending == 1 else 'wait'} safely; {_SAFE}"


def _doubled(at: Situation) -> Iterator[Need]:
    """What customers could be sent twice comes before everything else that is held."""
    sums = at.orders
    for role, number in sorted(sums.doubled.items()) if sums is not None else ():
        yield Need(
            "stopped",
            "Twice",
            f"{speaker(role)} has {many(number, 'order')} twice, as far as a look-up can tell.",
            None,
            "Nothing more is sent for them. Cancel one of the two documents there, then release the order.",
            Link("See the orders", "/orders"),
            steps=("`commerce-streams orders held`", "`commerce-streams orders release ID --reason …`"),
        )


def _not_counted(at: Situation) -> Iterator[Need]:
    """Never calm before the first look is done."""
    sums = at.orders
    if sums is not None and not sums.as_of:
        yield Need(
            "unknown",
            "Counting",
            "Which orders are held is not counted yet.",
            None,
            "A worker that has just begun goes through its orders first. This takes some seconds.",
            Link("See the orders", "/orders"),
        )


def _stuck(at: Situation) -> Iterator[Need]:
    """One need for each target that lets orders wait, though it takes calls."""
    sums = at.orders
    if sums is None:
        return
    told = {one.role for one in at.order_sinks if one.mode != "run" or one.target.state != "closed"}
    for role, since in sorted(sums.oldest_waiting_at.items()):
        if role not in told | sums.refusing.keys() and seconds_since(since, at.now) > STUCK_AFTER_S:
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
RULES = (_doubled, _held, _kept_open, _refused, _away, _mode, _cut_offs, _stuck, _not_counted)
