"""The first sentence of every page, generated from what needs a person; nothing is written beside it."""

import msgspec

from streams.web.accounting import accounts
from streams.web.envelope import State
from streams.web.need import Need
from streams.web.needs import for_a_person, needs
from streams.web.situation import Situation
from streams.web.words import age, ago, count, many, seconds_since, span

SHOWN = 5


class Verdict(msgspec.Struct, frozen=True):
    """`needs` holds all of them, worst first; the page opens with `shown` of them and folds `more`."""

    state: State
    headline: str
    sentence: str
    needs: tuple[Need, ...] = ()
    shown: int = SHOWN
    more: int = 0


def verdict(at: Situation) -> Verdict:
    """Is anything wrong, what, for how long, what to do."""
    found = needs(at)
    acting = for_a_person(found)
    if acting:
        head = f"{count(acting)} {'thing needs' if acting == 1 else 'things need'} you"
        return Verdict(
            found[0].state, head, f"{_not_safe(found)}{_how_it_stands(at)}{_left_out(at)}", found, SHOWN, _folded(found)
        )
    if found:
        return Verdict("unknown", _unknown_headline(at), _unknown_sentence(at), found, SHOWN, _folded(found))
    if not at.has_traffic:
        return _zero(at)
    return Verdict("ok", "Nothing needs you", f"{_sums(at)} {_how_it_stands(at)}{_orders(at)}{_last_problem(at)}")


def _folded(found: tuple[Need, ...]) -> int:
    return max(0, len(found) - SHOWN)


def _zero(at: Situation) -> Verdict:
    ready = many(sum(facts.ready for facts in at.fleet.answered), "worker")
    since = min(facts.started_at for facts in at.fleet.answered)
    runs = (
        f"{ready} {'is' if ready.startswith('1 ') else 'are'} ready, running for {age(seconds_since(since, at.now))}."
    )
    return Verdict(
        "unknown",
        "Running, but nothing has arrived yet",
        f"{runs} No record on any input topic so far. Send a record, or run `commerce-streams doctor`.",
    )


def _unknown_headline(at: Situation) -> str:
    silent = at.fleet.silent
    if silent:
        who = silent[0].id if len(silent) == 1 else f"{count(len(silent))} workers"
        return f"Not everything is known: {who} {'does' if len(silent) == 1 else 'do'} not answer"
    if at.recovering:
        return "Not everything is known: a table is being rebuilt"
    return "Not everything is known"


def _not_safe(found: tuple[Need, ...]) -> str:
    """Before anything that is called safe."""
    return next((f"Not safe: {need.what} " for need in found if not need.safe), "")


def _left_out(at: Situation) -> str:
    """Whoever is silent is named here too: its own line may be folded below worse ones."""
    silent = at.fleet.silent
    if not silent:
        return ""
    who = f"{silent[0].id} does" if len(silent) == 1 else f"{count(len(silent))} workers do"
    return f" {who} not answer. {at.left_out()} left out below."


def _unknown_sentence(at: Situation) -> str:
    workers = at.fleet.workers
    if at.fleet.silent:
        lane = "" if at.lane is not None else f" {_how_it_stands(at)}"
        return f"{workers.answered} of {workers.asked} workers answered. {at.left_out()} left out below.{lane}"
    if at.recovering:
        return f"{_how_it_stands(at)} Nothing new is decided from that table until it is whole."
    return _how_it_stands(at)


def _sums(at: Situation) -> str:
    if any(one.difference for one in accounts(at.fleet.answered)):
        return "The sums are read while records move; they are checked again."
    if not at.is_accounted:
        return "The sums are not checked while a worker joins."
    return "Every record is accounted for."


def _how_it_stands(at: Situation) -> str:
    """How far the shop is behind, and what waits."""
    lane = at.lane
    if lane is None:
        return "How far stock is behind is not known."
    if not lane.pending:
        return "Commerce shows everything that was decided."
    oldest = lane.oldest_pending_since
    how_long = None if oldest is None else span(seconds_since(oldest, at.now))
    if lane.mode != "run" or at.target is None or at.target.state != "closed":
        longest = "" if how_long is None else f", the oldest for {how_long}"
        waiting = f"{many(lane.pending, 'row')} wait{'s' if lane.pending == 1 else ''}"
        return f"{waiting} for Commerce{longest}; none of them is lost."
    behind = "" if how_long is None else f", {how_long} behind the WMS"
    return f"{many(lane.pending, 'row')} {'is' if lane.pending == 1 else 'are'} on the way to Commerce{behind}."


def _orders(at: Situation) -> str:
    """Nothing where orders are off."""
    if not at.order_sinks:
        return ""
    waiting = sum(one.pending for one in at.order_sinks)
    if not waiting:
        return " No order waits for a target."
    if waiting == 1:
        return " 1 order is on the way to its targets."
    return f" {many(waiting, 'order')} are on the way to their targets."


def _last_problem(at: Situation) -> str:
    over = [change for change in at.memory.changes if change.what.endswith("answers again")]
    return f" Last problem: {over[0].what}, {ago(seconds_since(over[0].at, at.now))}." if over else ""
