"""Dead letters as the pages show them: groups, one group's letters, one letter with its bytes.

A letter of a topic that can name people shows neither key, message nor bytes without the role reveal.
"""

import base64
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec

from streams.runtime.operating.letter_edits import EDITABLE
from streams.runtime.operating.letters import AT_THE_SHOP
from streams.topics import WITHOUT_PEOPLE
from streams.web.envelope import Envelope, State
from streams.web.letter_groups import Letter, field_of, schema_part, values_of
from streams.web.letter_index import ClosedLetter, GroupState, LetterIndex, group_over, position
from streams.web.memory import DAY
from streams.web.need import advice, reason_title
from streams.web.situation import Situation
from streams.web.words import count, many, moment, upper_first

PAGE = 100
SHOWN_VALUES = 5
CLOSED_SHOWN = 20
HIDDEN = "hidden (role reveal)"


class Spread(msgspec.Struct, frozen=True):
    """How a masked value differs over the letters of a group: the most frequent ones with their counts."""

    field: str
    distinct: int
    top: tuple[tuple[str, int], ...]


class LetterLine(msgspec.Struct, frozen=True):
    """One letter in a list."""

    id: str
    href: str
    at: datetime
    topic: str
    partition: int
    offset: int
    key: str
    detail: str
    size: int


class ClosedLine(msgspec.Struct, frozen=True):
    """One letter that is over, and what became of it."""

    id: str
    href: str
    reason: str
    key: str
    state: str
    by: str
    at: datetime
    why: str


class GroupLine(msgspec.Struct, frozen=True):
    """One group in a list; first and last are real letters."""

    id: str
    href: str
    reason: str
    title: str
    topic: str
    schema: str
    """Id of the writer's schema, where it is part of the cause."""
    field: str
    detail: str
    letters: int
    first: LetterLine
    last: LetterLine
    is_new: bool
    per_minute: int
    """Letters in the last five minutes, by minute and rounded."""
    series: tuple[float | None, ...]
    advice: str


class LettersView(msgspec.Struct, frozen=True):
    """All groups; `total_is` says whether older letters are left out."""

    state: State
    headline: str
    sentence: str
    total: int | None
    total_is: str
    left_out: int
    groups: tuple[GroupLine, ...]
    topic: str = ""
    open: int = 0
    """Letters of every topic that `retry` would take now."""
    closed: tuple[ClosedLine, ...] = ()
    closed_total: int = 0


class GroupView(msgspec.Struct, frozen=True):
    """One group: what it means, what to do, and a page of its letters, newest first."""

    group: GroupLine
    spread: tuple[Spread, ...]
    items: tuple[LetterLine, ...]
    total: int
    next: str | None
    correctable: tuple[str, ...] = ()
    """Fields that may be corrected for all of them at once."""
    closed: tuple[ClosedLine, ...] = ()
    closed_total: int = 0

    @property
    def blanks(self) -> tuple[tuple[str, None], ...]:
        """For the form: letters differ in what they hold."""
        return tuple((name, None) for name in self.correctable)


def letters_page(at: Situation, index: LetterIndex, topic: str = "") -> Envelope[LettersView]:
    """All groups, or those of one topic."""
    groups = tuple(group_line(one, index, at.now) for one in at.letters.groups if not topic or one.topic == topic)
    state, head, sentence = _verdict(at, groups, topic)
    known = at.letters.state.known and not at.letters.state.building
    total_is = "at least" if at.letters.left_out else "exact"
    total = sum(group.letters for group in groups) if known else None
    over = [one for one in index.closed() if not topic or one.letter.origin_topic == topic]
    view = LettersView(
        state=state,
        headline=head,
        sentence=sentence,
        total=total,
        total_is=total_is,
        left_out=at.letters.left_out,
        groups=groups,
        topic=topic,
        open=len(index),
        closed=tuple(closed_line(one) for one in over[:CLOSED_SHOWN]),
        closed_total=len(over),
    )
    return Envelope(moment(at.now), at.fleet.own.worker, state, view, at.fleet.workers)


def _verdict(at: Situation, groups: Sequence[GroupLine], topic: str) -> tuple[State, str, str]:
    letters = at.letters
    if not letters.state.known:
        return "unknown", "Dead letters are not known", f"{upper_first(letters.state.why)}. We try again every 5 s."
    if letters.state.building:
        left = many(letters.state.to_read, "letter")
        return "unknown", "Dead letters are being read", f"{left} still to come; their number is known then."
    if not groups and topic and letters.total:
        whole = f"{many(letters.total, 'letter')} in all."
        return "ok", f"No letter of {topic}", whole
    if not groups:
        return "ok", "No dead letter", "Nothing is set aside. Letters are kept for 90 days."
    total = sum(group.letters for group in groups)
    new = sum(group.is_new for group in groups)
    growing = sum(group.per_minute for group in groups)
    head = f"{many(total, 'dead letter')} in {many(len(groups), 'group')}"
    parts = [f"{many(new, 'group')} new in the last 24 h" if new else "No group is new"]
    parts.append(f"growing by {count(growing)}/min" if growing else "not growing")
    more = f" {many(letters.left_out, 'older letter')} not listed." if letters.left_out else ""
    return "attention", head, f"{', '.join(parts)}.{more} Nothing is lost: each keeps its bytes."


def group_line(group: GroupState, index: LetterIndex, now: int) -> GroupLine:
    series = index.per_minute(group.id, now)
    return GroupLine(
        id=group.id,
        href=f"/dead-letters/{group.id}",
        reason=group.reason,
        title=reason_title(group.reason),
        topic=group.topic,
        schema=schema_part(group.reason, group.last.schema),
        field=field_of(group.reason, group.last.detail),
        detail=group.detail if group.topic in WITHOUT_PEOPLE else HIDDEN,
        letters=group.letters,
        first=letter_line(group.first),
        last=letter_line(group.last),
        is_new=now - group.first.at < DAY,
        per_minute=-(-sum(series[-5:]) // 5),
        series=tuple(float(one) for one in series),
        advice=advice(group.reason),
    )


def letter_line(letter: Letter) -> LetterLine:
    plain = letter.origin_topic in WITHOUT_PEOPLE
    return LetterLine(
        id=letter.id,
        href=f"/dead-letters/{letter.group}/{letter.id}",
        at=moment(letter.at),
        topic=letter.origin_topic,
        partition=letter.origin_partition,
        offset=letter.origin_offset,
        key=letter.key if plain else HIDDEN,
        detail=letter.detail if plain else HIDDEN,
        size=letter.size,
    )


def closed_line(one: ClosedLetter) -> ClosedLine:
    letter, closing = one
    return ClosedLine(
        id=letter.id,
        href=f"/dead-letters/{letter.group}/{letter.id}",
        reason=letter.reason,
        key=letter.key if letter.origin_topic in WITHOUT_PEOPLE else HIDDEN,
        state=closing.state,
        by=closing.actor,
        at=moment(closing.at),
        why=closing.reason,
    )


def group_view(group_id: str, index: LetterIndex, now: int, *, after: str | None, limit: int) -> GroupView:
    """A page of the group's open letters; `after` is the `next` of the page before: new letters do not move it.

    A group whose letters are all over is still shown, with what became of them.
    """
    over = index.closed(group_id)
    group = index.group(group_id) or group_over([one.letter for one in over])
    letters = index.letters(group_id)
    start = _place(after)
    rest = letters if start is None else [letter for letter in letters if position(letter) < start]
    shown = rest[: max(1, min(limit, PAGE))]
    more = _cursor(shown[-1]) if len(rest) > len(shown) else None
    return GroupView(
        group=group_line(group, index, now),
        spread=_spread(letters),
        items=tuple(letter_line(letter) for letter in shown),
        total=len(letters),
        next=more,
        correctable=() if group.reason in AT_THE_SHOP or not letters else EDITABLE.get(group.topic, ()),
        closed=tuple(closed_line(one) for one in over[:CLOSED_SHOWN]),
        closed_total=len(over),
    )


def _spread(letters: Sequence[Letter]) -> tuple[Spread, ...]:
    """Keys first, then what the message names."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for letter in letters:
        if letter.origin_topic not in WITHOUT_PEOPLE:
            return ()
        found["message key"][letter.key] += 1
        for field, value in dict(values_of(letter.detail, letter.reason)).items():
            found[field][value] += 1
    return tuple(Spread(field, len(seen), tuple(seen.most_common(SHOWN_VALUES))) for field, seen in found.items())


def _cursor(letter: Letter) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(position(letter))).decode().rstrip("=")


def _place(cursor: str | None) -> tuple[int, int, int] | None:
    """None for the first page, and for a cursor that is none of ours."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=tuple[int, int, int])
    except (ValueError, msgspec.MsgspecError):
        return None
