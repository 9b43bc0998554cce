"""What one worker knows of itself, as values: the pages, the JSON and the command line are made from these alone.

Each worker tells its own facts; whoever renders asks all of them and says which did not answer.  Times are
microseconds since 1970 in UTC; quantities are exact decimals as text; None means: not known.
"""

import msgspec

from streams.web.completeness_facts import CompletenessFact
from streams.web.order_facts import OrderSums
from streams.web.reconcile_facts import ReconcileFact


class TroubleFact(msgspec.Struct, frozen=True):
    """One thing that is wrong; `blocks` says whether the worker is not ready because of it."""

    name: str
    what: str
    since: int
    blocks: bool


class IntakeFact(msgspec.Struct, frozen=True):
    """One input topic, as far as this worker's partitions go."""

    topic: str
    partitions: tuple[int, ...]
    consumed: int
    lag_records: int
    oldest_unfinished_s: float
    paused: bool
    dead: dict[str, int]
    """Reason → letters since this worker started."""
    ignored: dict[str, int]
    """Reason → records since this worker started."""


class TargetFact(msgspec.Struct, frozen=True):
    """A target, as its gate sees it."""

    name: str
    state: str
    """closed, trying, open, needs-operator."""
    since: int
    why: str
    last_answer_at: int
    requests: dict[str, int]
    """Status code or error class → calls since this worker started."""
    p50_s: float | None
    p99_s: float | None
    at_once: int = 0
    """Calls that may be under way at once, as the governor learned; 0: not told."""
    calls_per_s: float = 0
    """Calls that may leave in a second; 0: no bound is known."""
    left_of_day: int | None = None


class DifferenceFact(msgspec.Struct, frozen=True):
    """Shadow mode: what would be written, and what the target shows."""

    sku: str
    source_code: str
    ours: str
    theirs: str | None
    at: int


class LaneFact(msgspec.Struct, frozen=True):
    """The stock lane; told only by the worker that owns it."""

    mode: str
    pending: int
    oldest_pending_since: int | None
    frozen_calls: int
    rows_per_call: int
    sources_known: int | None
    unknown_skus: tuple[str, ...]
    compared: int
    differing: int
    differences: tuple[DifferenceFact, ...]
    applied: int
    """Rows that the target acknowledged since this worker started."""
    delay_p50_s: float | None
    delay_p99_s: float | None


class DueFact(msgspec.Struct, frozen=True):
    """Orders that wait and must be there by a cut-off; `label` is the cut-off as its own zone says it."""

    cut_off: int
    label: str
    orders: int


class ComparedFact(msgspec.Struct, frozen=True):
    """A forecast, made at `at`, and what then happened: so many orders, in so many seconds."""

    at: int
    waiting: int
    said_s: float
    took_s: float


class SinkQueueFact(msgspec.Struct, frozen=True):
    """What waits for one worker's part of a sink, commands that are still in their topic included.

    `per_s` is how many the target permits in a second; None: nobody knows yet.
    """

    waiting: int = 0
    due: tuple[DueFact, ...] = ()
    since: int | None = None
    per_s: float | None = None
    compared: tuple[ComparedFact, ...] = ()


class OrderSinkFact(msgspec.Struct, frozen=True):
    """What one worker has of a role's command sink: its partitions' share of the work, and the target as it sees it.

    `sink` is what operators call it: the shop has two, and the other one writes stock.
    """

    role: str
    sink: str
    mode: str
    pending: int
    """Orders with a command that is not done."""
    target: TargetFact
    queue: SinkQueueFact = SinkQueueFact()


class GapFact(msgspec.Struct, frozen=True):
    """Records that left the log before they were read."""

    topic: str
    partition: int
    first: int
    last: int


class OrderFact(msgspec.Struct, frozen=True):
    """A standing order that holds now."""

    key: str
    state: str
    actor: str
    reason: str
    at: int


class ReferenceFact(msgspec.Struct, frozen=True):
    """A reference table as this worker holds it; `newest_at` 0: no record yet."""

    topic: str
    rows: int
    lag_records: int
    unreadable: int
    newest_at: int
    caught_up: bool


class WordFact(msgspec.Struct, frozen=True):
    """A word of a system that stands in no table, as this worker heard it since it began.

    `cure` is table, lines or release: what would make it known.
    """

    topic: str
    system: str
    word: str
    cure: str
    records: int
    first_at: int


class Readiness(msgspec.Struct, frozen=True):
    """Whether a worker does its part, and what keeps it from that."""

    worker: str
    started_at: int
    ready: bool
    working: bool
    troubles: tuple[TroubleFact, ...]
    recovering: dict[str, int]
    """Table → changelog records still to be read."""


class WorkerFacts(msgspec.Struct, frozen=True):
    """Everything that one worker tells of itself."""

    worker: str
    url: str
    version: str
    as_of: int
    started_at: int
    ready: bool
    working: bool
    generation: int
    troubles: tuple[TroubleFact, ...]
    intakes: tuple[IntakeFact, ...]
    accounted: dict[str, dict[str, int]]
    """Topic → outcome → records, all time; streams/web/accounting.py says which outcomes add up to what."""
    targets: tuple[TargetFact, ...]
    lane: LaneFact | None
    gaps: tuple[GapFact, ...]
    recovering: dict[str, int]
    """Table → changelog records still to be read."""
    settings: dict[str, str]
    """What is set, without secrets."""
    lane_accounted: dict[str, dict[str, int]] = {}
    """The part of `accounted` that the stock lane counted (applied, superseded, dead, parked)."""
    orders: tuple[OrderFact, ...] = ()
    since_poll_s: float | None = None
    order_sums: OrderSums | None = None
    """Orders that wait; None where this worker does no orders."""
    reference: tuple[ReferenceFact, ...] = ()
    """What orders are checked against; empty where no check needs any."""
    order_sinks: tuple[OrderSinkFact, ...] = ()
    unknown_words: tuple[WordFact, ...] = ()
    """At most 50 of each topic."""
    other_words: int = 0
    """Records with words beyond those."""
    statements: dict[str, int] = {}
    """Finding → statements of warehouses that were compared with the ledger since this worker started."""
    reconciliation: ReconcileFact | None = None
    """Told only by the worker that owns the stock lane."""
    completeness: CompletenessFact | None = None
    """As `reconciliation`."""
    measures: dict[str, dict[str, float]] = {}
    """Metric → label values, joined by `|` → value: what alerts are judged by and no other fact tells."""
