"""What a record tells of itself, before it has a time and a place."""

from typing import Literal, NamedTuple

import msgspec

from schemas.models.cause import Cause
from streams.runtime.lookback import Place

Kind = Literal["message", "decision", "outcome", "act"]
State = Literal["ok", "attention", "stopped", "unknown"]


class Contained(NamedTuple):
    """The newest record that something contains; `part` is the source that it is about, empty for all of it."""

    place: Place
    part: str = ""


class Told(msgspec.Struct, frozen=True):
    """What a model says of itself."""

    kind: Kind
    state: State
    text: str
    detail: str = ""
    system: str = ""
    part: str = ""
    causes: tuple[Contained, ...] = ()
    about: tuple[str, ...] = ()


def caused_by(cause: Cause | None, part: str = "") -> tuple[Contained, ...]:
    return () if cause is None else (Contained(place_of_cause(cause), part),)


def place_of_cause(cause: Cause) -> Place:
    return Place(cause.topic, cause.partition, cause.offset)
