"""How late are we: the four numbers with their last hour."""

import math
from collections.abc import Sequence

import msgspec

from streams.web.envelope import Figure
from streams.web.facts import LaneFact
from streams.web.memory import POINTS
from streams.web.situation import ROLE, Situation
from streams.web.words import count, many, moment, number, seconds_since, span

GOAL_S = 5.0
Series = tuple[float | None, ...]


class Tile(msgspec.Struct, frozen=True):
    """One figure as it stands on the page; `series` are the last 60 minutes, None where nothing is known."""

    id: str
    name: str
    figure: Figure
    about: str
    link: str
    series: Series = ()
    spoken: str = ""
    goal: float | None = None
    instead: str = "unknown"
    """What stands there without a value: `–` where none can be, `over …` where only a bound is known."""

    @property
    def shown(self) -> str:
        """0 is counted and none; unknown is not counted; – does not apply."""
        value = self.figure.value
        return self.instead if value is None else number(value)


def tiles(at: Situation) -> tuple[Tile, ...]:
    return (_oldest(at), _share(at), _lag(at), _letters(at))


def _unknown(at: Situation) -> Figure:
    why = f"{at.fleet.silent[0].id} is silent" if at.fleet.silent else "no worker tells of it"
    return Figure(None, why=why)


def _oldest(at: Situation) -> Tile:
    lane = at.lane
    series = at.memory.series.get("oldest", (None,) * POINTS)
    name = "Oldest change not in the shop"
    if lane is None:
        return _tile("oldest", name, _unknown(at), "", f"/#sink-{ROLE}", series)
    since = lane.oldest_pending_since
    if since is None and lane.pending:
        return _tile("oldest", name, Figure(None, why="its age is not known"), _rows(lane), f"/#sink-{ROLE}", series)
    seconds = 0.0 if since is None else round(seconds_since(since, at.now), 1)
    href = f"/#sink-{ROLE}"
    value, unit = scaled(seconds)
    figure = Figure(value, unit, moment(at.now), href)
    goal = f"{'over the ' if seconds > GOAL_S else ''}goal of {number(GOAL_S)} s"
    return _tile("oldest", name, figure, f"{goal} · {_rows(lane)}", href, series)


def scaled(seconds: float) -> tuple[float, str]:
    """36 min, not 2,160 s."""
    if seconds < 120:
        return round(seconds, 1), "s"
    if seconds < 7200:
        return int(seconds // 60), "min"
    return (round(seconds / 3600, 1), "h") if seconds < 172_800 else (int(seconds // 86_400), "d")


def _rows(lane: LaneFact) -> str:
    return f"{many(lane.pending, 'row')} wait{'s' if lane.pending == 1 else ''}"


def _share(at: Situation) -> Tile:
    """A quantile as far as buckets tell it, of the effects since the lane's worker started."""
    lane, name, href = at.lane, "99 % of changes in the shop within", f"/#sink-{ROLE}"
    if lane is None:
        return Tile("delay", name, _unknown(at), "", href)
    about = f"{many(lane.applied, 'row')} written since the start"
    if lane.delay_p99_s is None:
        return Tile("delay", name, Figure(None, why="nothing was written yet"), "", href, instead="–")
    if math.isinf(lane.delay_p99_s):
        return Tile("delay", name, Figure(None, why="the longest that is measured"), about, href, instead="over 30 min")
    half = "" if lane.delay_p50_s is None else f"half within {number(lane.delay_p50_s)} s · "
    figure = Figure(lane.delay_p99_s, "s", moment(at.now), href)
    return Tile("delay", name, figure, half + about, href)


def _lag(at: Situation) -> Tile:
    name, href = "Waiting to be read", "/#intake"
    series = at.memory.series.get("lag", (None,) * POINTS)
    if not at.fleet.is_whole:
        return _tile("lag", name, _unknown(at), "", href, series)
    topics = {intake.topic for facts in at.fleet.answered for intake in facts.intakes}
    lag = sum(at.intake(topic).lag for topic in topics)
    oldest = max((at.intake(topic).oldest_s for topic in topics), default=0.0)
    about = f"oldest unfinished for {span(oldest)}" if oldest else "none unfinished"
    return _tile("lag", name, Figure(lag, "records", moment(at.now), href), about, href, series)


def _letters(at: Situation) -> Tile:
    """The hour before is counted back from the letters' own times."""
    name, href, letters = "Dead letters", "/dead-letters", at.letters
    if not letters.state.known or letters.state.building:
        why = letters.state.why or f"{count(letters.state.to_read)} still to be read"
        return _tile("letters", name, Figure(None, why=why), "", href, (None,) * POINTS)
    groups = many(len(letters.groups), "group") if letters.total else "none set aside"
    more = f" · {count(letters.left_out)} older not listed" if letters.left_out else ""
    figure = Figure(letters.total, "letters" if letters.total != 1 else "letter", moment(at.now), href)
    return _tile("letters", name, figure, groups + more, href, _grown(letters.total, letters.per_minute))


def _grown(total: int, per_minute: Sequence[int]) -> Series:
    before = total - sum(per_minute)
    grown: list[float] = []
    for new in per_minute:
        before += new
        grown.append(float(before))
    return tuple(grown)


def _tile(key: str, name: str, figure: Figure, about: str, href: str, series: Series) -> Tile:  # noqa: PLR0917  one per field
    known = [point for point in series if point is not None]
    now = "unknown" if figure.value is None else f"{number(figure.value)} {figure.unit}"
    in_seconds = " s" if key == "oldest" else ""
    highest = f", highest {number(round(max(known), 1))}{in_seconds}" if known else ", nothing known"
    gaps = "" if len(known) == len(series) else f", {count(len(series) - len(known))} minutes not known"
    goal = GOAL_S if key == "oldest" else None
    return Tile(key, name, figure, about, href, series, f"Last hour: now {now}{highest}{gaps}", goal)
