"""By which parcels a shipment leaves: as its warehouse says, else by the labels that were booked for what is in it."""

from schemas.models.order_event import Track
from streams.domain.order_facts import Fact, Request, is_same_part, sorted_tracks
from streams.domain.order_progress import Progress
from streams.domain.order_table import ANSWERED

BOOK = ("carrier", "BOOK_LABEL")
VOID = ("carrier", "VOID_LABEL")
READY = ("PACKED", "PICKED")


def answer_of(progress: Progress, request: tuple[str, str], part: str) -> Fact | None:
    """How the carrier answered, for a part."""
    return progress.fact(ANSWERED, "/".join(Request(*request, part)))


def is_done(answer: Fact | None) -> bool:
    return answer is not None and not answer.reason


def tracks_of(progress: Progress, shipped: Fact) -> tuple[Track, ...]:
    """The warehouse's own numbers go before those of our labels."""
    if shipped.tracks:
        return shipped.tracks
    ready = [one for one in progress.all(*READY) if is_same_part(shipped, one)]
    said = [track for one in ready for track in one.tracks]
    booked = [track for one in ready for track in _booked(progress, one.part)]
    return sorted_tracks(said or booked)


def _booked(progress: Progress, part: str) -> tuple[Track, ...]:
    """None of a label that was made void."""
    label = answer_of(progress, BOOK, part)
    return () if label is None or is_done(answer_of(progress, VOID, part)) else label.tracks
