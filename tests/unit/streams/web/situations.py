"""Situations for views, made of worlds without a server."""

from streams.web import facts as f
from streams.web.envelope import SilentWorker
from streams.web.fleet import Snapshot
from streams.web.letter_index import IndexState, LetterIndex
from streams.web.memory import NOTHING_REMEMBERED, Recollection
from streams.web.situation import Letters, Situation
from streams.web.words import moment
from tests.unit.streams.web.worlds import NOW, SECOND, World

SILENT = SilentWorker("worker-3", moment(NOW - 95 * SECOND), "no answer in 2 s", (5, 6, 7))


def index_of(world: World) -> LetterIndex:
    index = LetterIndex()
    index.state = world.index_state
    for one in world.letters:
        index.add(one)
    return index


def situation(
    world: World, *, memory: Recollection = NOTHING_REMEMBERED, silent: tuple[SilentWorker, ...] | None = None
) -> Situation:
    """`silent` by default: the other workers that the world names."""
    if silent is None:
        silent = tuple(SilentWorker("worker-3", SILENT.since, SILENT.why, who) for who in world.others.values())
    index = index_of(world)
    letters = Letters(
        index.state, len(index), index.left_out, tuple(index.groups()), tuple(index.per_minute(None, NOW))
    )
    own = world.facts()
    return Situation(Snapshot(NOW, own, (own,), silent), letters, memory)


def of(*workers: f.WorkerFacts, silent: tuple[SilentWorker, ...] = ()) -> Situation:
    """Several workers, no letters."""
    return Situation(Snapshot(NOW, workers[0], workers, silent), Letters(IndexState(known=True, why=""), 0, 0, ()))
