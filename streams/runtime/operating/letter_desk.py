"""What people do with dead letters, for the command line and for the pages alike: retry, correct and retry, discard.

A set is frozen first; what of it is over already refuses the whole of it, before anything is sent.  Each letter is
then taken under an operator's word (`letter_claims`), sent or closed, and audited.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from streams.domain.letter_edit import Fields
from streams.domain.stock_rules import StockRules
from streams.runtime.lookback import Place
from streams.runtime.operating.acts import Acts
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.letter_book import LetterBook, Tick, Wanted, newest_of_each
from streams.runtime.operating.letter_claims import Claims
from streams.runtime.operating.letter_closings import DISCARD, LETTER, SUPERSEDED, Closing, closing_over
from streams.runtime.operating.letter_edits import Corrector
from streams.runtime.operating.letter_retry import Pace, Retried, Retry
from streams.runtime.operating.letter_sender import AT_ONCE, LetterSender, shop_key
from streams.runtime.operating.letter_watch import LogWatch, moved_on
from streams.runtime.operating.letters import AT_THE_SHOP, DeadLetter, GroupOf, letter_of
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.posting import Posting
from streams.runtime.operating.readable import time_text
from streams.runtime.operating.snapshots import Snapshots
from streams.runtime.operating.wire import Wire

NAMED = 3


class DeskClock(Protocol):
    """Time of day for the audit, and one that only goes forward for the pace."""

    def micros(self) -> int:
        """Microseconds since 1970, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """Clients of one operator; `new_reader` makes readers that are closed with the others."""

    brokers: Brokers
    new_reader: Callable[[], LogReader]
    wire: Wire
    posting: Posting
    acts: Acts
    rules: StockRules
    app_id: str
    clock: DeskClock
    group_of: GroupOf


class LetterClosedError(Exception):
    """Somebody has dealt with these letters; the message says who, and what can be done instead."""


class NobodyReadsError(Exception):
    """No worker runs that could take what is sent."""


class Plan(NamedTuple):
    """A frozen set, looked through: what would go out, what the shop has taken since, and the rest with its reasons."""

    sendable: list[DeadLetter]
    superseded: list[DeadLetter]
    refusals: list[str]


class LetterDesk:
    """For one act; every method raises ClusterUnavailableError, KafkaException, RegistryUnavailableError."""

    def __init__(self, tools: Tools, *, why: str = "", fields: Fields | None = None) -> None:
        """`why` is the person's reason; `fields` are what is corrected before it is sent."""
        self._tools, self._why = tools, why
        self._reader = tools.new_reader()
        self._claims = Claims(tools.brokers, self._reader, tools.wire, tools.posting, tools.acts)
        self._corrector = None if fields is None else Corrector(tools.wire, tools.rules, tools.clock.micros, fields)
        self._sender: LetterSender | None = None

    # ── the frozen set ───────────────────────────────────────────────────────────────────────────

    def wanted(self, wanted: Wanted, limit: int, tick: Tick) -> tuple[list[DeadLetter], int]:
        """From the whole log, the oldest first; and how many more there are."""
        tools = self._tools
        book = LetterBook(tools.brokers, self._reader, tools.wire, app_id=tools.app_id, group_of=tools.group_of)
        return newest_of_each(book.letters(wanted, tick), limit)

    def at(self, places: Iterable[Place]) -> list[DeadLetter]:
        """By where the letters themselves lie, the oldest first; those that left the log are left out."""
        found = self._reader.many(places)
        letters = [letter for record in found.values() if (letter := letter_of(record, self._tools.group_of))]
        return sorted(letters, key=lambda letter: (letter.at, letter.place))

    def check_open(self, letters: Sequence[DeadLetter], *, discarded_too: bool) -> None:
        """Nothing is done with any of them where one is over.  Raises LetterClosedError."""
        self._claims.begin(min((letter.at for letter in letters), default=0))
        over = [
            (letter, closing)
            for letter in letters
            if (closing := closing_over(letter, self._claims.closed)) is not None
            and not (discarded_too and closing.action == DISCARD)
        ]
        if over:
            raise LetterClosedError(_told(over, len(letters)))

    # ── retry ────────────────────────────────────────────────────────────────────────────────────

    def plan(self, letters: Sequence[DeadLetter]) -> Plan:
        """Nothing is sent by it.  Raises EditRefusedError where these fields may not be corrected."""
        tools = self._tools
        overtaken = moved_on(letters, tools.brokers, self._reader, tools.wire, tools.rules)
        sender = self._made(letters)
        sendable, refusals = sender.prepare([one for one in letters if one.letter_id not in overtaken])
        return Plan(sendable, [one for one in letters if one.letter_id in overtaken], refusals)

    def _made(self, letters: Sequence[DeadLetter]) -> LetterSender:
        tools = self._tools
        skus = [shop_key(letter, tools.rules) for letter in letters if letter.reason in AT_THE_SHOP]
        snapshots = Snapshots(tools.brokers, tools.new_reader(), skus)
        self._sender = LetterSender(
            tools.posting,
            tools.acts,
            letters=self._reader,
            snapshots=snapshots,
            rules=tools.rules,
            corrector=self._corrector,
            why=self._why,
        )
        return self._sender

    def check_readers(self) -> None:
        """Raises NobodyReadsError."""
        if not self._tools.brokers.members(self._tools.app_id):
            raise NobodyReadsError("no worker runs that could read them; start one")

    def supersede(self, plan: Plan) -> None:
        """Closes what the shop has taken since."""
        if self._sender is not None and plan.superseded:
            ours, _theirs = self._claims.take(plan.superseded)
            self._sender.close(ours)

    def retry(self, plan: Plan, pace: Pace, tick: Tick) -> Retried:
        """Paced and watched: one as a probe, ten, the rest; stops by itself.  Raises NotRetriableError."""
        tools = self._tools
        watch = LogWatch(tools.brokers, tools.new_reader(), tools.wire, group=tools.app_id, rules=tools.rules)

        def send(part: Sequence[DeadLetter]) -> tuple[Sequence[DeadLetter], Sequence[str]]:
            ours, theirs, placed = self._send(part)
            watch.placed(placed)
            return ours, theirs

        return Retry(send, watch, tools.clock, pace).run(plan.sendable, tick)

    def send_unwatched(self, plan: Plan, tick: Tick) -> Retried:
        """Without a probe, and without looking what becomes of them: all of them wait."""
        sent: list[DeadLetter] = []
        lost: list[str] = []
        for start in range(0, len(plan.sendable), AT_ONCE):
            ours, theirs, _placed = self._send(plan.sendable[start : start + AT_ONCE])
            sent += ours
            lost += theirs
            tick(len(sent) + len(lost), len(plan.sendable))
        return Retried(len(sent), 0, 0, (), tuple(sent), 0, "", theirs=tuple(lost))

    def _send(self, part: Sequence[DeadLetter]) -> tuple[list[DeadLetter], list[str], dict[str, Place]]:
        assert self._sender is not None  # `plan` comes before
        ours, theirs = self._claims.take(part)
        return ours, list(theirs.values()), self._sender.send(ours) if ours else {}

    # ── discard ──────────────────────────────────────────────────────────────────────────────────

    def discard(self, letters: Sequence[DeadLetter], tick: Tick) -> tuple[int, list[str]]:
        """How many were closed, and of the others who was quicker."""
        acts, done, lost = self._tools.acts, 0, list[str]()
        for start in range(0, len(letters), AT_ONCE):
            part = letters[start : start + AT_ONCE]
            ours, theirs = self._claims.take(part)
            audits = [
                acts.audit(
                    DISCARD,
                    (LETTER, one.letter_id),
                    before=one.reason,
                    after="discarded",
                    reason=self._why,
                    cause=one.place,
                )
                for one in ours
            ]
            self._tools.posting.post(audits)
            done += len(ours)
            lost += theirs.values()
            tick(done + len(lost), len(letters))
        return done, lost


def _told(over: Sequence[tuple[DeadLetter, Closing]], total: int) -> str:
    """Who dealt with them when, and the way out."""
    named = "; ".join(
        f"{letter.letter_id} was {closing.state} by {closing.actor} at {time_text(closing.at)}"
        for letter, closing in over[:NAMED]
    )
    more = f"; and {len(over) - NAMED:,} more" if len(over) > NAMED else ""
    whole = " Nothing was done with the others either: name only those that are open." if total > len(over) else ""
    ways = dict.fromkeys(_WAYS[closing.state] for _letter, closing in over)
    return f"{named}{more}.{whole} {' '.join(ways)}"


_AGAIN = (
    "What was set aside again is a letter of its own (`commerce-streams dead-letters list --letters`); "
    "`commerce-streams trace --record LETTER` shows what became of this one."
)
_WAYS = {
    "retried": _AGAIN,
    "edited": _AGAIN,
    "discarded": "Undo it with `commerce-streams dead-letters retry LETTER`.",
    SUPERSEDED: "Newer state is there. Where a number looks wrong: `commerce-streams stock recount`.",
}
