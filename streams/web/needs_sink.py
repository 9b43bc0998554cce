"""Needs around the sink: a target that fails, a mode that sends nothing, rows that are late, SKUs nobody knows."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from streams.web.need import LATE_S, SAFE, Link, Need
from streams.web.needs_mode import not_running
from streams.web.situation import ROLE, Situation, title
from streams.web.words import age, count, many, moment, moment_or_none, seconds_since


class _Waiting(NamedTuple):
    rows: str
    since: datetime | None


def _waiting(at: Situation) -> _Waiting:
    lane = at.lane
    if lane is None or not lane.pending:
        return _Waiting("0 rows wait.", None)
    oldest = lane.oldest_pending_since
    ages = "" if oldest is None else f", the oldest for {age(seconds_since(oldest, at.now))}"
    then = SAFE if lane.mode == "run" else "They go out when it runs again; none of them is lost."
    return _Waiting(
        f"{count(lane.pending)} {'row waits' if lane.pending == 1 else 'rows wait'} safely{ages}. {then}",
        moment_or_none(oldest),
    )


def _target(at: Situation) -> Iterator[Need]:
    target = at.target
    if target is None or target.state == "closed":
        return
    name, waiting = title(target.name), _waiting(at).rows
    link = Link("See the sink", f"/#sink-{ROLE}")
    if target.state == "needs-operator":
        fix = (
            "Correct the setting or the credential of the connector.",
            "If it stands in no file of its own, restart the worker that holds the lane.",
        )
        what = f"{name} refuses us: a person must act."
        yield Need("stopped", "Stopped", what, moment(target.since), f"{target.why}. {waiting}", link, steps=fix)
        return
    again = "One call is on its way to see." if target.state == "trying" else "We try again by ourselves."
    steps = (f"Check whether {name} is up, and whether this worker reaches it.",)
    yield Need(
        "stopped",
        "Stopped",
        f"{name} does not take our calls.",
        moment(target.since),
        f"{target.why}. {again} {waiting}",
        link,
        steps=steps,
    )


def _mode(at: Situation) -> Iterator[Need]:
    lane = at.lane
    if lane is None or lane.mode == "run":
        return
    effect = f"Nothing is written to Commerce. {_waiting(at).rows}"
    yield not_running(at, ROLE, lane.mode, who="The stock lane", effect=effect, anchor=f"sink-{ROLE}")


def _late(at: Situation) -> Iterator[Need]:
    lane, target = at.lane, at.target
    if lane is None or target is None or lane.mode != "run" or target.state != "closed":
        return
    oldest = lane.oldest_pending_since
    if oldest is not None and seconds_since(oldest, at.now) > LATE_S:
        why = f"{many(lane.pending, 'row')} not yet in the shop, {many(lane.frozen_calls, 'call')} without an answer."
        what = f"Stock is {age(seconds_since(oldest, at.now))} behind."
        yield Need("attention", "Late", what, moment(oldest), why, Link("See the sink", f"/#sink-{ROLE}"))


def _unknown_skus(at: Situation) -> Iterator[Need]:
    lane = at.lane
    if lane is not None and lane.unknown_skus:
        named = ", ".join(lane.unknown_skus[:3]) + (", …" if len(lane.unknown_skus) > 3 else "")
        yield Need(
            "attention",
            "Not in the shop",
            f"{many(len(lane.unknown_skus), 'SKU')} written to Commerce "
            f"{'is' if len(lane.unknown_skus) == 1 else 'are'} not in its catalogue: {named}",
            None,
            "Their stock shows nowhere until the products exist there.",
            Link("See the sink", f"/#sink-{ROLE}"),
        )


def standstill(at: Situation) -> str:
    """Why nothing goes out at the moment, as the overview says it; empty while rows go out."""
    return next((need.what for rule in (_target, _mode) for need in rule(at)), "")


RULES = (_target, _mode, _late, _unknown_skus)
