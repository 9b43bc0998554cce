"""Every metric, declared once: base units, unit suffix, no SKU or order id in a label.

docs/metrics.md is written from here.
"""

from collections.abc import Iterable
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

REGISTRY = CollectorRegistry()
_PROCESS = CollectorRegistry()
"""Memory, processor and open files of this process; apart, because what there is depends on the system."""
ProcessCollector(registry=_PROCESS)
DELAY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800)


def _counter(name: str, about: str, *labels: str) -> Counter:
    return Counter(f"streams_{name}", about, labels, registry=REGISTRY)


def _gauge(name: str, about: str, *labels: str) -> Gauge:
    return Gauge(f"streams_{name}", about, labels, registry=REGISTRY)


def _histogram(name: str, about: str, *labels: str) -> Histogram:
    return Histogram(f"streams_{name}", about, labels, registry=REGISTRY, buckets=DELAY_BUCKETS)


# intake
CONSUMED = _counter("records_consumed_total", "Records taken from a topic, redeliveries included.", "topic")
REDELIVERED = _counter("records_redelivered_total", "Records that were seen before and changed nothing.", "topic")
IGNORED = _counter("records_ignored_total", "Accepted records that change nothing, by reason.", "topic", "reason")
DEAD_LETTERS = _counter("dead_letters_total", "Records set aside, by reason.", "topic", "reason")
LETTERS_OPEN = _gauge(
    "dead_letters_open", "Letters that nobody retried or discarded yet; every worker says the same.", "topic", "reason"
)
OLDEST_LETTER = _gauge("oldest_dead_letter_age_seconds", "Age of the oldest of them; 0 where there is none.", "topic")
SCHEMA_UNKNOWN = _counter("schema_unknown_total", "Records whose schema id the registry does not know.", "topic")
RECOUNTS = _counter("recount_requests_total", "Requests to state a quantity anew, by reason.", "reason")
LAST_POLL = _gauge("last_poll_timestamp_seconds", "When the consumer last fetched.")
LAG = _gauge("consumer_lag_records", "Records in the log that are not committed.", "topic", "partition")
COMMITTED = _gauge("committed_offset", "Committed offset.", "topic", "partition")
OLDEST_UNACKNOWLEDGED = _gauge(
    "oldest_unacknowledged_seconds", "How long the oldest delivered record has been unfinished.", "topic", "partition"
)
REBALANCES = _counter("rebalances_total", "Assignments of partitions to this worker.")
INTAKE_PAUSED = _gauge("intake_paused", "1 where intake of a topic is paused by an order or a gap.", "topic")
# accounting
ACCOUNTED = _gauge("accounted_records", "Records by how they ended, in the tables of this worker.", "topic", "outcome")
UNACCOUNTED = _gauge(
    "unaccounted_records", "Records that the sums miss, below 0: have twice; only the sum of all workers is 0.", "topic"
)
IN_FLIGHT_RECORDS = _gauge(
    "inflight_records", "Records that a sink took in and has not ended; only the sum of all workers says it.", "topic"
)
# flow
OLDEST_UNAPPLIED = _gauge("oldest_unapplied_age_seconds", "Age of the oldest record without its effect.", "flow")
EFFECT_DELAY = _histogram("effect_delay_seconds", "From the broker's time of a record to its effect.", "flow")
FRESH = _counter("freshness_good_total", "Effects within the flow's latency target, its window included.", "flow")
FRESHNESS = _counter("freshness_total", "Effects.", "flow")
COALESCED = _counter("deltas_coalesced_total", "Records that share a row with another.")
SKU_UPDATES = _counter("sku_updates_total", "Snapshots emitted.")
RESERVATIONS = _counter(
    "reservations_total", "Reservations that came into a state; a redelivery counts once more.", "state"
)
PENDING = _gauge("pending_keys", "Rows that are not acknowledged by the target.", "sink")
# target
EFFECTS = _counter("effects_total", "How commands ended.", "target", "operation", "outcome")
REQUESTS = _counter(
    "target_requests_total", "Calls by status code, or error class where there was none.", "target", "operation", "code"
)
REQUEST_SECONDS = _histogram("target_request_duration_seconds", "Duration of a call.", "target", "operation")
IN_FLIGHT = _gauge("inflight_requests", "Calls under way.", "target")
BREAKER = _gauge("breaker_state", "0 closed, 1 trying, 2 open, 3 needs an operator.", "target")
CALLS_AT_ONCE = _gauge("governor_calls_at_once", "Calls that may be under way at once, as learned.", "target")
CALLS_PER_SECOND = _gauge("governor_calls_per_second", "Calls that may leave in a second; 0: no bound.", "target")
CALLS_LEFT_TODAY = _gauge("governor_calls_left_today", "Calls left of the target's daily allotment.", "target")
UNKNOWN_OUTCOMES = _counter("unknown_outcomes_total", "Calls that ended without an answer.", "target", "operation")
INTENTS = _gauge("intents_open", "Calls that may be under way.", "sink")
UNPOSTED = _gauge("shipments_unposted", "Shipments whose goods have left, and that the shop has not posted yet.")
REFUSED_VERSIONS = _counter("refused_versions_total", "Snapshots older than one already seen.", "sink")
UNKNOWN_SKUS = _gauge("unknown_skus", "Written SKUs that the shop's catalogue does not hold.", "target")
SINK_MODE = _gauge("sink_mode", "0 paused, 1 shadow, 2 run.", "sink")
# reconciliation
RECONCILED = _gauge(
    "reconcile_last_success_timestamp_seconds",
    "When a run last came to its end; at first: when this worker took the lane over.",
    "scope",
)
RECONCILE_INTERVAL = _gauge(
    "reconcile_interval_seconds", "From one run to the next; absent where none runs by itself.", "scope"
)
DRIFT_ITEMS = _gauge(
    "reconcile_drift_items", "Pairs that differ and were not repaired, as the last run found them.", "scope", "kind"
)
DRIFT_FOUND = _counter("reconcile_drift_total", "Pairs that were found to differ.", "kind")
DRIFT_REPAIRED = _counter("reconcile_repaired_total", "Pairs that were made due again.", "kind")
STATEMENTS = _counter(
    "snapshot_statements_total", "Statements of warehouses that were compared with the ledger, by finding.", "finding"
)
INCONSISTENT = _gauge(
    "reservation_inconsistencies",
    "Pairs of stock and SKU whose reservations are wrong, or whose salable quantity is below zero, as the last run "
    "found them.",
    "kind",
)
RECONCILE_SECONDS = _gauge("reconcile_duration_seconds", "How long the last run took.", "scope")
RECONCILE_CALLS = _gauge("reconcile_calls", "Calls of the last run.", "scope")
# completeness
COMPLETENESS_CLOSED = _gauge(
    "completeness_page_timestamp_seconds",
    "When the newest page of a flow was made; at first: when this worker took the lane over.",
    "flow",
)
COMPLETENESS_FOUND = _gauge(
    "completeness_findings",
    "Things that do not close on the newest page, targets that could not be asked included.",
    "flow",
)
COMPLETENESS_ENTITIES = _gauge("completeness_entities", "Source entities of the newest page by state.", "flow", "state")
COMPLETENESS_INTERVAL = _gauge(
    "completeness_interval_seconds", "From one daily page to the next; absent where none is made by itself.", "flow"
)
# reference tables
REFERENCE_ROWS = _gauge("reference_rows", "Rows that this worker holds of a reference table.", "topic")
REFERENCE_LAG = _gauge("reference_lag_records", "Records of a reference table that are not read yet.", "topic")
REFERENCE_UNREADABLE = _gauge("reference_unreadable_keys", "Keys whose newest record cannot be read.", "topic")
REFERENCE_NEWEST = _gauge(
    "reference_newest_timestamp_seconds", "When the newest record of a reference table came; 0: none.", "topic"
)
# orders
ORDERS_HEARD = _counter(
    "orders_heard_total", "Orders that were heard of for the first time, repeats of a kill included.", "channel"
)
COMMANDS_ENDED = _counter(
    "order_commands_total", "Commands of orders by how they ended at their target.", "role", "outcome"
)
ORDERS_HELD = _gauge("orders_held", "Orders that wait for a person, by reason; one with several is in each.", "reason")
ORDERS_HELD_OLDEST = _gauge("orders_held_oldest_seconds", "How long the oldest order of a reason is held.", "reason")
ORDERS_WAITING = _gauge("orders_waiting", "Orders with a command that the target has not answered.", "role")
ORDERS_WAITING_OLDEST = _gauge(
    "orders_waiting_oldest_seconds", "How long the oldest unanswered command waits since it was decided.", "role"
)
ORDERS_FAILING = _gauge(
    "orders_failing",
    "Orders whose command was tried in vain and waits; while the target is away: all that wait for it.",
    "role",
)
QUEUED = _gauge("sink_queue_commands", "Orders that wait for a sink, and commands still in its topic.", "sink")
DRAIN_SECONDS = _gauge(
    "sink_drain_seconds", "So long the queue takes once the target takes calls; NaN: nobody knows.", "sink"
)
WILL_MISS = _gauge(
    "sink_cut_off_misses", "Orders that will miss a cut-off that is ahead, as forecast; NaN: nobody knows.", "sink"
)
FORECAST_ERROR = _gauge(
    "forecast_error_ratio", "Of the last forecast: how far it was off, of what it took; above 0 it took longer.", "sink"
)
CUT_OFFS = _counter("order_cut_offs_total", "Orders that were there by their cut-off, or not.", "role", "outcome")
ORDER_DELAY = _histogram("order_effect_delay_seconds", "From an order's command to its effect at the target.", "role")
ORDER_FRESH = _counter("order_freshness_good_total", "Effects within the role's latency target.", "role")
ORDER_FRESHNESS = _counter("order_freshness_total", "Effects of orders' commands.", "role")
ORDERS_DOUBLED = _gauge("orders_doubled", "Orders of which the target has more than one document.", "role")
EVENTS_PARKED = _gauge("order_events_parked", "Events that wait for an earlier step.", "kind")
EVENTS_PARKED_LEFT = _gauge(
    "order_events_parked_left_seconds", "Until the first parked event is for a person; below 0 once it is.", "kind"
)
PATIENCE = _gauge("order_patience_seconds", "How long an event waits for an earlier step, as it is set.")
UNKNOWN_WORDS = _gauge(
    "unknown_words", "Words of systems that stand in no table, since this worker began; at most 50.", "topic"
)
# gateway
GATEWAY_ACCEPTED = _counter("gateway_accepted_total", "Events that are on their topic, acknowledged.", "channel")
GATEWAY_DUPLICATES = _counter("gateway_duplicates_total", "Events that came again and added nothing.", "channel")
GATEWAY_REFUSED = _counter("gateway_refused_total", "Requests that were refused, by reason.", "reason")
GATEWAY_HINTS = _counter(
    "gateway_hints_total", "Events and webhooks that name an order, by what came of them.", "source", "outcome"
)
GATEWAY_IN_FLIGHT = _gauge("gateway_inflight_requests", "Requests under way.")
APPEND_SECONDS = _histogram("gateway_append_seconds", "Until Kafka acknowledged an event, or did not.", "topic")
RESERVATION_ANSWERS = _counter(
    "reservation_answers_total",
    "Answers about reservations and availability, by what was asked and status.",
    "asked",
    "code",
)
RESERVATION_SECONDS = _histogram(
    "reservation_decision_seconds", "From a request for a reservation to its decision, or to giving up on it."
)
RESERVATIONS_SILENT = _counter(
    "reservations_unanswered_total", "Requests for reservations that nobody decided in time."
)
RESERVATIONS_OPEN = _gauge(
    "reservations_open", "Reservations that hold stock, by state; every gateway says the same.", "state"
)
# poll
POLL_SUCCESS = _gauge(
    "poll_last_success_timestamp_seconds",
    "When a round, or a page of a reading of all rows, last came to its end; at first: the start.",
    "poller",
)
POLL_LAG = _gauge("poll_cursor_lag_seconds", "Age of the newest change that was read; 0 once all were read.", "poller")
POLL_FOUND = _counter("poll_found_total", "Records that a poller appended, repeats of a kill included.", "poller")
POLL_MISSED = _counter("poll_missed_total", "Orders that nobody but the poller put on their topic in time.", "poller")
POLL_ERRORS = _counter("poll_errors_total", "Rounds that failed, by class of the error.", "poller", "error")
POLL_UNEXPLAINED = _gauge(
    "poll_unexplained_numbers", "Order numbers that are missing, or cannot be read, and wait for a person.", "poller"
)
POLL_WITHHELD = _gauge(
    "poll_rows_withheld", "Rows that the source no longer has, too many at once to be taken from their topic.", "poller"
)
POLL_EXPLAINED = _counter("poll_explained_numbers_total", "Missing numbers that the shop does not know.", "poller")
# worker
LEASE_REFUSALS = _counter("lease_refusals_total", "Writes and calls stopped because the lease was lost.")
STORE_BYTES = _gauge("store_size_bytes", "Bytes on disk.", "table")
STORE_REBUILDS = _counter("store_rebuilds_total", "Local stores thrown away and rebuilt.", "table")
RECOVERY_LEFT = _gauge("recovery_records_left", "Changelog records still to be read.", "table")
DISK_FREE = _gauge("data_dir_free_bytes", "Free on the disk of the data directory.")
DISK_SIZE = _gauge("data_dir_size_bytes", "Size of the disk of the data directory.")
CERTIFICATE_ENDS = _gauge(
    "certificate_expiry_timestamp_seconds",
    "When the first certificate of a file ends, by the setting that names the file; 0: cannot be read.",
    "file",
)
LOOP_LAG = _gauge("event_loop_lag_seconds", "How late the event loop runs its timers.")
BUILD = _gauge("build_info", "1, with the version as a label.", "version")


def begin_sinks(roles: Iterable[str], outcomes: Iterable[str]) -> None:
    """As `begin`, for the sinks that this worker has."""
    known = tuple(roles)
    for role, outcome in product(known, outcomes):
        COMMANDS_ENDED.labels(role, outcome)
    for role in known:
        ORDERS_FAILING.labels(role)


def begin_statements(findings: Iterable[str]) -> None:
    """As `begin`, for what warehouses state."""
    for finding in findings:
        STATEMENTS.labels(finding)


def begin(topics: Iterable[str], reasons: Iterable[str], tables: Iterable[str]) -> None:
    """Counters that alerts watch start at 0: Prometheus takes a series that begins at 1 for no rise."""
    read = tuple(topics)
    for topic, reason in product(read, reasons):
        DEAD_LETTERS.labels(topic, reason)
    for topic in read:
        SCHEMA_UNKNOWN.labels(topic)
        CONSUMED.labels(topic)
    for table in tables:
        STORE_REBUILDS.labels(table)


def exposition() -> bytes:
    """The page that Prometheus reads: ours, and the `process_…` metrics of the client library (on Linux)."""
    return generate_latest(REGISTRY) + generate_latest(_PROCESS)
