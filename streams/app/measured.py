"""What this process's own metrics say.  Reading one costs as much as all of its labels: each is read once an answer."""

from collections.abc import Iterable, Mapping

from prometheus_client import Counter, Gauge, Histogram

from streams.domain.breaker import BreakerState
from streams.runtime.gate import Gate
from streams.runtime.metrics import (
    CERTIFICATE_ENDS,
    COMMANDS_ENDED,
    COMMITTED,
    COMPLETENESS_CLOSED,
    COMPLETENESS_FOUND,
    COMPLETENESS_INTERVAL,
    DISK_FREE,
    DRIFT_ITEMS,
    INCONSISTENT,
    LAG,
    PATIENCE,
    REBALANCES,
    RECONCILE_INTERVAL,
    RECONCILED,
    REQUEST_SECONDS,
    REQUESTS,
    SCHEMA_UNKNOWN,
    STORE_REBUILDS,
)
from streams.web.facts import TargetFact

BREAKER_STATES = {
    BreakerState.CLOSED: "closed",
    BreakerState.TRYING: "trying",
    BreakerState.OPEN: "open",
    BreakerState.NEEDS_OPERATOR: "needs-operator",
}
Buckets = Mapping[float, float]
"""Upper bound (s) → observations up to it."""


def values(metric: Counter | Gauge) -> Mapping[tuple[str, ...], float]:
    """Label values → value, of a counter or gauge."""
    found: dict[tuple[str, ...], float] = {}
    for family in metric.collect():
        for sample in family.samples:
            if not sample.name.endswith(("_created", "_bucket", "_sum", "_count")):
                found[tuple(sample.labels.values())] = sample.value
    return found


WATCHED: Mapping[str, Counter | Gauge] = {
    "certificate_expiry_timestamp_seconds": CERTIFICATE_ENDS,
    "committed_offset": COMMITTED,
    "consumer_lag_records": LAG,
    "data_dir_free_bytes": DISK_FREE,
    "order_commands_total": COMMANDS_ENDED,
    "order_patience_seconds": PATIENCE,
    "rebalances_total": REBALANCES,
    "completeness_findings": COMPLETENESS_FOUND,
    "completeness_interval_seconds": COMPLETENESS_INTERVAL,
    "completeness_page_timestamp_seconds": COMPLETENESS_CLOSED,
    "reconcile_drift_items": DRIFT_ITEMS,
    "reservation_inconsistencies": INCONSISTENT,
    "reconcile_interval_seconds": RECONCILE_INTERVAL,
    "reconcile_last_success_timestamp_seconds": RECONCILED,
    "schema_unknown_total": SCHEMA_UNKNOWN,
    "store_rebuilds_total": STORE_REBUILDS,
    "target_requests_total": REQUESTS,
}
"""What alerts are judged by; the pages know these names (streams/web/alert_signs.py)."""
_SAY_SOMETHING_AT_ZERO = {"committed_offset", "certificate_expiry_timestamp_seconds"}


def watched() -> dict[str, dict[str, float]]:
    """Metric → label values, joined by `|` → value; most that are 0 say nothing and are left out."""
    return {
        name: {
            "|".join(labels): value
            for labels, value in values(metric).items()
            if value or name in _SAY_SOMETHING_AT_ZERO
        }
        for name, metric in WATCHED.items()
    }


def by_first(metric: Counter) -> dict[str, dict[str, int]]:
    """First label → second label → count."""
    found: dict[str, dict[str, int]] = {}
    for labels, value in values(metric).items():
        if value:
            found.setdefault(labels[0], {})[labels[1]] = int(value)
    return found


def buckets_by(metric: Histogram, label: str) -> Mapping[str, Buckets]:
    """Value of the label → its buckets, whatever the other labels; all under "" where the metric has no such label."""
    found: dict[str, dict[float, float]] = {}
    for family in metric.collect():
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                of_value = found.setdefault(sample.labels.get(label, ""), {})
                bound = float(sample.labels["le"])
                of_value[bound] = of_value.get(bound, 0) + sample.value
    return found


def quantile(buckets: Buckets, share: float) -> float | None:
    """Upper bound of the bucket that holds the quantile; None without observations."""
    total = buckets.get(float("inf"), 0)
    if not total:
        return None
    return next(bound for bound, count in sorted(buckets.items()) if count >= share * total)


def targets(gates: Iterable[Gate]) -> Mapping[str, TargetFact]:
    """By name: a target as this worker's gate to it sees it, how its calls ended, and how long they took."""
    codes: dict[str, dict[str, int]] = {}
    for (target, _operation, code), calls in values(REQUESTS).items():
        of_target = codes.setdefault(target, {})
        of_target[code] = of_target.get(code, 0) + int(calls)
    seconds = buckets_by(REQUEST_SECONDS, "target")
    return {
        gate.target: TargetFact(
            name=gate.target,
            state=BREAKER_STATES[gate.breaker.state],
            since=gate.breaker.since,
            why=gate.breaker.why,
            last_answer_at=gate.last_answer_at,
            requests=codes.get(gate.target, {}),
            p50_s=quantile(seconds.get(gate.target, {}), 0.5),
            p99_s=quantile(seconds.get(gate.target, {}), 0.99),
            at_once=gate.governor.at_once.limit,
            calls_per_s=gate.governor.per_s,
            left_of_day=gate.governor.left_of_day,
        )
        for gate in gates
    }
