"""Sends letters again and closes them: the record to its topic, or the SKU's snapshot where the shop had refused it.

The record goes out as it came, or with what a person corrected in it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from streams.domain.stock_rules import StockRules
from streams.runtime.letter_headers import RETRY_OF
from streams.runtime.lookback import Place
from streams.runtime.operating.acts import Acts
from streams.runtime.operating.letter_closings import EDIT, LETTER, RETRY, SUPERSEDE, SUPERSEDED
from streams.runtime.operating.letter_edits import Corrected, Corrector
from streams.runtime.operating.letters import (
    AT_THE_SHOP,
    DeadLetter,
    NotRetriableError,
    Original,
    check_topic,
    original_of,
)
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.runtime.operating.places import place_text
from streams.runtime.operating.posting import Outgoing, Posting
from streams.runtime.operating.snapshots import Snapshots
from streams.topics import DESIRED

AT_ONCE = 500
"""Records that are looked at together."""


class LetterSender:
    """`prepare` once for the whole set, then `send` in parts; `why` is the person's reason, for the audit."""

    def __init__(
        self,
        posting: Posting,
        acts: Acts,
        *,
        letters: LogReader,
        snapshots: Snapshots,
        rules: StockRules,
        corrector: Corrector | None = None,
        why: str = "",
    ) -> None:
        self._posting, self._acts, self._letters, self._rules = posting, acts, letters, rules
        self._snapshots, self._corrector, self._why = snapshots, corrector, why

    def prepare(self, letters: Sequence[DeadLetter]) -> tuple[list[DeadLetter], list[str]]:
        """Those that can be sent from here, and for each of the others why not.  Raises EditRefusedError."""
        if self._corrector is not None:
            self._corrector.check(letters)
        newest = self._snapshots.refresh() if any(one.reason in AT_THE_SHOP for one in letters) else {}
        sendable: list[DeadLetter] = []
        refusals: list[str] = []
        for start in range(0, len(letters), AT_ONCE):
            self._prepare(letters[start : start + AT_ONCE], newest, sendable, refusals)
        return sendable, refusals

    def _prepare(
        self,
        letters: Sequence[DeadLetter],
        newest: Mapping[bytes, LogRecord],
        sendable: list[DeadLetter],
        refusals: list[str],
    ) -> None:
        found = {} if self._corrector is None else self._letters.many(letter.place for letter in letters)
        for letter in letters:
            try:
                self._check(letter, newest)
                if self._corrector is not None:
                    self._corrector.correct(letter, _original(letter, found))
            except NotRetriableError as error:
                refusals.append(str(error))
            else:
                sendable.append(letter)

    def _check(self, letter: DeadLetter, newest: Mapping[bytes, LogRecord]) -> None:
        check_topic(letter)
        if letter.reason in AT_THE_SHOP and self._shop_key(letter) not in newest:
            raise NotRetriableError(f"{letter.letter_id}: {DESIRED.name} holds no snapshot of its SKU")
        if letter.kept_in is not None:
            _kept(letter)

    def send(self, letters: Sequence[DeadLetter]) -> dict[str, Place]:
        """Letter id → where its record, or the snapshot, lies now; every letter is closed when this returns.

        A letter is closed after its record is acknowledged: killed in between, it stays open, and sending it once
        more is harmless.  Raises NotWrittenError, NotRetriableError.
        """
        rows = [letter for letter in letters if letter.reason in AT_THE_SHOP]
        records = [letter for letter in letters if letter.reason not in AT_THE_SHOP]
        originals, changes = self._originals(records)
        placed = self._send_records(records, originals) | self._send_snapshots(rows)
        self._posting.post([self._closed(letter, placed[letter.letter_id], changes) for letter in letters])
        return placed

    def close(self, letters: Sequence[DeadLetter]) -> None:
        """Without sending: the shop has taken their rows since."""
        self._posting.post([self._audit(SUPERSEDE, letter, letter.reason, SUPERSEDED) for letter in letters])

    def _closed(self, letter: DeadLetter, place: Place, changes: Mapping[str, Corrected]) -> Outgoing:
        change = changes.get(letter.letter_id)
        if change is None:
            return self._audit(RETRY, letter, letter.reason, place_text(place))
        before = f"{letter.reason}; {change.before}"
        return self._audit(EDIT, letter, before, f"{place_text(place)}; {change.after}")

    def _audit(self, action: str, letter: DeadLetter, before: str, after: str) -> Outgoing:
        name = (LETTER, letter.letter_id)
        return self._acts.audit(action, name, before=before, after=after, reason=self._why, cause=letter.place)

    def _originals(self, letters: Sequence[DeadLetter]) -> tuple[list[Original], dict[str, Corrected]]:
        """What goes out; of those that are corrected, also what changed."""
        found = self._letters.many(letter.place for letter in letters)
        originals = [_original(letter, found) for letter in letters]
        if self._corrector is None:
            return originals, {}
        changes = [self._corrector.correct(letter, one) for letter, one in zip(letters, originals, strict=True)]
        by_id = {letter.letter_id: change for letter, change in zip(letters, changes, strict=True)}
        return [change.original for change in changes], by_id

    def _send_records(self, letters: Sequence[DeadLetter], originals: Sequence[Original]) -> dict[str, Place]:
        places = self._posting.post(
            [Outgoing(one.topic, one.key, one.value, one.headers, one.partition) for one in originals]
        )
        return {letter.letter_id: place for letter, place in zip(letters, places, strict=True)}

    def _send_snapshots(self, letters: Sequence[DeadLetter]) -> dict[str, Place]:
        """One for each SKU, with the name of its last letter."""
        if not letters:
            return {}
        by_key = {self._shop_key(letter): letter for letter in letters}
        newest = self._snapshots.refresh()
        waiting = {key: newest[key] for key in by_key}
        placed: dict[bytes, Place] = {}
        while waiting:
            messages = [_again(record, by_key[key]) for key, record in waiting.items()]
            placed |= dict(zip(waiting, self._posting.post(messages), strict=True))
            waiting = self._snapshots.overtaken({key: placed[key].offset for key in waiting})
        return {letter.letter_id: placed[self._shop_key(letter)] for letter in letters}

    def _shop_key(self, letter: DeadLetter) -> bytes:
        return shop_key(letter, self._rules)


def _original(letter: DeadLetter, found: Mapping[Place, LogRecord]) -> Original:
    record = found.get(letter.place)
    if record is None:
        raise NotRetriableError(f"{letter.letter_id}: the letter has left the log")
    return original_of(letter, record, None if letter.kept_in is None else _kept(letter))


def shop_key(letter: DeadLetter, rules: StockRules) -> bytes:
    """Key of the SKU's snapshots."""
    return rules.sku_of((letter.key or b"").decode("utf-8", "replace")).encode()


def _again(record: LogRecord, letter: DeadLetter) -> Outgoing:
    headers = tuple(header for header in record.headers if header[0] != RETRY_OF)
    mark = (RETRY_OF, letter.letter_id.encode())
    return Outgoing(record.topic, record.key, record.value, (*headers, mark), record.partition)


def _kept(letter: DeadLetter) -> bytes:
    """The bytes that only a file holds."""
    try:
        return Path(letter.kept_in or "").read_bytes()
    except OSError:
        raise NotRetriableError(
            f"{letter.letter_id}: its bytes lie in {letter.kept_in} on the worker that set it aside; "
            "run the command there"
        ) from None
