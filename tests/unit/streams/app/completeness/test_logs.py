"""Where a page reads and counts a log, given what the brokers say and where the page before ended."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from streams.app.completeness.logs import Counting, Window, cut_off, cut_short, erased_entries, laid_out
from streams.domain.closing import Kind, log_findings
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition, Span

COMMANDS, CHANGES = "erp.command.v1", "wms.stock-change.v1"
WINDOW = Window(since=100, opened_at=100, closed_at=200, settled_at=200)


@dataclass
class InMemoryLogs:
    """One partition of each topic; `times` of its records, in order, from offset `first` on."""

    times: dict[str, list[int]]
    first: dict[str, int] = field(default_factory=dict)
    commits: dict[str, int] = field(default_factory=dict)

    def partitions(self, topic: str) -> list[Partition]:
        return [Partition(topic, 0)]

    def spans(self, partitions: Sequence[Partition]) -> Mapping[Partition, Span]:
        return {
            one: Span(self.first.get(one.topic, 0), self.first.get(one.topic, 0) + len(self.times[one.topic]))
            for one in partitions
        }

    def at(self, partitions: Sequence[Partition], moment: int) -> Mapping[Partition, int | None]:
        return {one: self._at(one.topic, moment) for one in partitions}

    def _at(self, topic: str, moment: int) -> int | None:
        first = self.first.get(topic, 0)
        return next((first + place for place, at in enumerate(self.times[topic]) if at >= moment), None)

    def committed(self, group: str, partitions: Iterable[Partition]) -> Mapping[Partition, int | None]:  # noqa: ARG002  one group
        return {one: self.commits.get(one.topic) for one in partitions}


def _record(topic: str, offset: int) -> LogRecord:
    return LogRecord(topic, 0, offset, 0, b"k", b"v", ())


def _counted(logs: InMemoryLogs, topic: str, before: Mapping[tuple[str, int], int]) -> tuple[int, int]:
    """Records seen and missing, of a log that is read as it is."""
    stretches = laid_out(logs, "app", [topic], WINDOW, before)
    counting = Counting(stretches)
    span = stretches[Partition(topic, 0)].span
    for offset in range(span.first, span.end):
        counting.take(_record(topic, offset))
    [log] = counting.ended()
    return log.count.seen, log.count.missing_records


def test_a_stretch_begins_where_the_page_before_ended_and_not_by_time() -> None:
    logs = InMemoryLogs({COMMANDS: [10, 110, 120, 300]})
    assert _counted(logs, COMMANDS, {}) == (2, 0)
    assert _counted(logs, COMMANDS, {(COMMANDS, 0): 0}) == (3, 0)


def test_records_that_left_the_log_since_the_page_before_are_missing() -> None:
    logs = InMemoryLogs({COMMANDS: [110, 120]}, first={COMMANDS: 4})
    assert _counted(logs, COMMANDS, {(COMMANDS, 0): 3}) == (2, 1)


def test_a_log_that_was_emptied_misses_all_of_the_stretch() -> None:
    logs = InMemoryLogs({COMMANDS: []}, first={COMMANDS: 9})
    assert _counted(logs, COMMANDS, {(COMMANDS, 0): 3}) == (0, 6)


def test_a_first_page_says_that_a_log_begins_inside_its_stretch() -> None:
    logs = InMemoryLogs({COMMANDS: [110]}, first={COMMANDS: 4})
    [finding] = cut_off(laid_out(logs, "app", [COMMANDS], WINDOW, {}), WINDOW.opened_at)
    assert (finding.kind, finding.where) == (Kind.RECORD_GONE, f"{COMMANDS}[0] before offset 4")


def test_a_log_that_is_older_than_the_stretch_may_have_lost_its_beginning() -> None:
    logs = InMemoryLogs({CHANGES: [10, 110]}, first={CHANGES: 4})
    assert list(cut_off(laid_out(logs, "app", [CHANGES], WINDOW, {}), WINDOW.opened_at)) == []


def test_what_pages_before_have_closed_must_stay_where_nothing_may_go() -> None:
    before = {(COMMANDS, 0): 6, (CHANGES, 0): 6}
    logs = InMemoryLogs({COMMANDS: [110], CHANGES: [110]}, first={COMMANDS: 6, CHANGES: 6})
    stretches = laid_out(logs, "app", [COMMANDS, CHANGES], WINDOW, before)
    [finding] = cut_short(stretches, {(COMMANDS, 0): 2, (CHANGES, 0): 2}, WINDOW.opened_at)
    assert finding.where == f"{COMMANDS}[0] offset 2–5"


def test_a_topic_that_was_created_anew_is_read_from_its_beginning() -> None:
    logs = InMemoryLogs({COMMANDS: [110, 120]})
    assert _counted(logs, COMMANDS, {(COMMANDS, 0): 50}) == (2, 0)


def test_what_its_reader_has_not_committed_is_not_taken() -> None:
    logs = InMemoryLogs({COMMANDS: [110, 120]}, commits={COMMANDS: 1})
    assert laid_out(logs, "app", [COMMANDS], WINDOW, {})[Partition(COMMANDS, 0)].committed == 1


def test_a_missing_record_is_named_by_what_others_say_of_it() -> None:
    logs = InMemoryLogs({COMMANDS: [110, 120]}, first={COMMANDS: 4})
    stretches = laid_out(logs, "app", [COMMANDS], WINDOW, {(COMMANDS, 0): 3})
    counting = Counting(stretches)
    for offset in (4, 5):
        counting.take(_record(COMMANDS, offset))
    [log] = counting.ended()
    [named] = log_findings(log, {3: "web-1"}, 100)
    [unnamed] = log_findings(log, {}, 100, ["web-7", "web-8"])
    assert (named.entity, named.where) == ("web-1", f"{COMMANDS}[0] offset 3")
    assert (unnamed.entity, unnamed.detail) == ("", "perhaps of web-7, web-8")


def test_a_deleted_entry_is_named_whatever_day_it_is_of() -> None:
    [finding] = erased_entries({("orders", "web-1"): _record("app-orders-changelog", 7)})
    assert finding.key == (Kind.NOT_IN_STATE, "web-1", "changelog of orders")
