"""What is set, without secrets, and whether the workers agree about it."""

import re

import msgspec

from streams.web.envelope import Envelope, State
from streams.web.situation import Situation
from streams.web.words import count, moment

_USER_IN_URL = re.compile(r"(?<=//)[^/@\s]+(?=@)")
DIFFER = frozenset({"STREAMS_WORKER_ID", "STREAMS_DATA_DIR", "STREAMS_WEB__PORT", "STREAMS_WEB__ADVERTISED_URL"})
"""Names that belong to one worker alone."""


class Other(msgspec.Struct, frozen=True):
    """A worker that has another value."""

    worker: str
    value: str


class Setting(msgspec.Struct, frozen=True):
    """One name; of a secret only whether it is set."""

    name: str
    value: str
    others: tuple[Other, ...] = ()


class SettingsView(msgspec.Struct, frozen=True):
    """As the answering worker has them."""

    state: State
    headline: str
    sentence: str
    settings: tuple[Setting, ...]


def settings_page(at: Situation) -> Envelope[SettingsView]:
    own = at.fleet.own
    rows = tuple(_setting(name, value, at) for name, value in sorted(own.settings.items()))
    state, head, sentence = _verdict(at, [row for row in rows if row.others])
    view = SettingsView(state, head, sentence, rows)
    return Envelope(moment(at.now), own.worker, state, view, at.fleet.workers)


def without_users(value: str) -> str:
    """An address may carry a user and a password."""
    return _USER_IN_URL.sub("…", value)


def _setting(name: str, value: str, at: Situation) -> Setting:
    others = tuple(
        Other(facts.worker, without_users(facts.settings.get(name, "not known there")))
        for facts in at.fleet.answered
        if facts.worker != at.fleet.own.worker and facts.settings.get(name) != value and name not in DIFFER
    )
    return Setting(name, without_users(value), others)


def _verdict(at: Situation, differing: list[Setting]) -> tuple[State, str, str]:
    if differing:
        names = ", ".join(row.name for row in differing[:3])
        return "attention", f"The workers differ in {count(len(differing))}", f"{names}. Set them alike and restart."
    if at.fleet.silent:
        who = ", ".join(silent.id for silent in at.fleet.silent)
        return "unknown", "Settings of this worker", f"Not compared with {who}: no answer."
    many = "" if len(at.fleet.answered) == 1 else f" All {count(len(at.fleet.answered))} workers are set alike."
    return "ok", "Settings of this worker", f"Read once at the start.{many} Of secrets only whether they are set."
