"""A table begins from nothing: its changelog is made anew, and the workers fold what the logs hold.

The new table has a higher epoch from its first record on, whatever the clocks say: whoever has acknowledged a version
of the old one takes those of the new one as newer.
"""

import shutil
from collections.abc import Iterable, Mapping

from streams.cli.failures import CannotRunError
from streams.cli.session import Session
from streams.runtime.operating.gap_list import ACCEPTED, gap_key
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition
from streams.runtime.operating.posting import Outgoing
from streams.runtime.operating.replay_plan import Move, Rebuild, WouldSkipError, moves_of
from streams.runtime.tally import Tally
from streams.runtime.versioned import unpack


class Promotion:
    """Planned when it is made.  Raises CannotRunError: workers run, or a topic is missing."""

    def __init__(self, session: Session, wanted: Rebuild) -> None:
        self._session, self._wanted = session, wanted
        self._refuse_workers()
        self.moves = self._moves()

    def _refuse_workers(self) -> None:
        group = self._session.settings.app_id
        members = self._session.brokers.members(group)
        if members:
            raise CannotRunError(
                f"{members} worker{'' if members == 1 else 's'} of the group {group} "
                f"run{'s' if members == 1 else ''}: stop them first, then repeat this"
            )

    def _moves(self) -> list[Move]:
        brokers = self._session.brokers
        parts = [part for topic in self._wanted.topics for part in brokers.partitions(topic)]
        logs = brokers.spans(parts)
        committed = brokers.committed(self._session.settings.app_id, parts)
        try:
            return moves_of(logs, committed, {part: span.first for part, span in logs.items()})
        except WouldSkipError as error:
            raise CannotRunError(str(error)) from None

    def rows(self) -> list[dict[str, str | int | None]]:
        return [
            {
                "topic": move.partition.topic,
                "partition": move.partition.number,
                "committed": move.committed,
                "to": move.to,
                "again": move.again,
            }
            for move in self.moves
        ]

    def steps(self) -> list[str]:
        folders = [f"delete {folder}" for folder in self._wanted.folders] or [
            "delete no local store: there is none here"
        ]
        return [
            f"delete the topic {self._wanted.changelog}, which holds the table",
            *folders,
            "create the topic anew, with a higher epoch as its first record",
            "move the group's offsets as above; stores of other machines are rebuilt by their workers",
        ]

    # ── done ─────────────────────────────────────────────────────────────────────────────────────

    def carry_out(self, reason: str, compared: str) -> None:
        """The audit first; killed in between, the same command goes on from there."""
        session = self._session
        self._refuse_workers()
        epochs = self._epochs()
        session.posting.post(self._audits(reason, compared))
        self._let_begin(reason)
        self._take_away()
        self._begin(epochs)
        session.brokers.commit(session.settings.app_id, {move.partition: move.to for move in self.moves})

    def _audits(self, reason: str, compared: str) -> list[Outgoing]:
        acts, table = self._session.acts, self._wanted.table.name
        records = [
            acts.audit(
                "replay",
                ("partition", "{}/{}".format(*move.partition)),
                before=None if move.committed is None else str(move.committed),
                after=str(move.to),
                reason=reason,
            )
            for move in self.moves
        ]
        told = acts.audit(
            "promote-table", ("table", table), before=compared, after=self._wanted.changelog, reason=reason
        )
        return [*records, told]

    def _let_begin(self, reason: str) -> None:
        """The table will know nothing of what lies before: without this order that would be a gap."""
        keys = [(gap_key(move.partition), str(move.to)) for move in self.moves]
        acts = self._session.acts
        self._session.posting.post([acts.order(key, ACCEPTED, value=value, reason=reason) for key, value in keys])

    def _take_away(self) -> None:
        from streams.app.topic_plan import plan_topics  # noqa: PLC0415  heavy: the whole application

        session = self._session
        session.brokers.delete_topic(self._wanted.changelog)
        for folder in self._wanted.folders:
            shutil.rmtree(folder)
        plan = plan_topics(session.settings, session.brokers)
        if plan.refusals:
            raise CannotRunError("; ".join(plan.refusals))
        plan.apply(session.brokers)

    def _epochs(self) -> Mapping[int, int]:
        """Of each partition that the live table has; read before it is taken away."""
        session = self._session
        if self._wanted.changelog not in session.brokers.topic_names():
            return {}
        spans = session.brokers.spans(session.brokers.partitions(self._wanted.changelog))
        return epochs_of(spans, session.reader.read(spans))

    def _begin(self, epochs: Mapping[int, int]) -> None:
        """The first record of each partition: counts from zero, in an epoch above every one there was."""
        session = self._session
        now = session.clock.micros() // 1_000_000
        epoch = max(now, max(epochs.values(), default=0) + 1)
        parts = session.brokers.partitions(self._wanted.changelog)
        session.posting.post([first_record(part, epoch) for part in parts])


def epochs_of(spans: Mapping[Partition, object], records: Iterable[LogRecord]) -> dict[int, int]:
    """Partition → the highest epoch that any value of it carries."""
    found = dict.fromkeys((part.number for part in spans), 0)
    for record in records:
        if record.value is not None:
            found[record.partition] = max(found[record.partition], unpack(record.value)[0].epoch)
    return found


def first_record(part: Partition, epoch: int) -> Outgoing:
    key, value, _version = Tally(epoch=epoch).stored()
    return Outgoing(part.topic, key, value, partition=part.number)
