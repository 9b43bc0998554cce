"""The need that a sink raises by not sending: paused or comparing only, by whose order, and since when."""

from streams.web.need import Link, Need
from streams.web.situation import Situation
from streams.web.words import moment


def not_running(at: Situation, sink: str, mode: str, *, who: str, effect: str, anchor: str) -> Need:
    """`who` is the sink in words, `effect` what follows, `sink` its name for operators."""
    order = at.order(f"sink/{sink}")
    by = "the setting STREAMS_SINKS__MODE" if order is None else order.actor
    words = {"shadow": "compares only: shadow mode, set by", "paused": "is paused by"}
    return Need(
        "attention",
        "Shadow" if mode == "shadow" else "Paused",
        f"{who} {words.get(mode, f'is in mode {mode}, set by')} {by}.",
        None if order is None else moment(order.at),
        effect,
        Link("See the sink", f"/#{anchor}"),
        steps=(f"`commerce-streams sinks run {sink}`",),
    )
