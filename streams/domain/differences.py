"""Differences between two runs or two tables, gathered in groups: how many there are, and a few of each to look at."""

from collections.abc import Iterable
from typing import NamedTuple


class Example(NamedTuple):
    """One difference as a person reads it; None where there is nothing on that side."""

    name: str
    place: str
    before: str | None
    after: str | None


class Difference(NamedTuple):
    """`kind` says what differs, `about` what the group is named after (a source, a reason)."""

    kind: str
    about: str
    example: Example


class DifferenceGroup(NamedTuple):
    """All differences of one kind about one thing; `examples` are the first of them, in order of their keys."""

    kind: str
    about: str
    number: int
    examples: tuple[Example, ...]


def grouped(found: Iterable[Difference], at_most: int) -> tuple[DifferenceGroup, ...]:
    """Sorted by kind and name; at most so many examples each, so that memory is bounded by the groups."""
    counts: dict[tuple[str, str], int] = {}
    examples: dict[tuple[str, str], list[Example]] = {}
    for one in found:
        key = (one.kind, one.about)
        counts[key] = counts.get(key, 0) + 1
        kept = examples.setdefault(key, [])
        if len(kept) < at_most:
            kept.append(one.example)
    return tuple(DifferenceGroup(*key, counts[key], tuple(examples[key])) for key in sorted(counts))


def joined(groups: Iterable[DifferenceGroup], examples: int) -> tuple[DifferenceGroup, ...]:
    """Groups of several partitions as one list."""
    found: dict[tuple[str, str], DifferenceGroup] = {}
    for group in groups:
        known = found.get((group.kind, group.about))
        if known is not None:
            kept = (*known.examples, *group.examples)[:examples]
            found[group.kind, group.about] = known._replace(number=known.number + group.number, examples=kept)
        else:
            found[group.kind, group.about] = group
    return tuple(found[key] for key in sorted(found))
