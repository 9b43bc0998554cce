"""Every alert, as the workers know it: name, weight, how long it must hold, and how they see it, or why they cannot.

Names, weights and times are those of `ops/prometheus/rules`; a test holds this table against that file.
"""

from typing import NamedTuple

from streams.web import alert_signs as signs
from streams.web.alarm import Severity
from streams.web.alert_signs import Judge


class Rule(NamedTuple):
    """`judge` None where the workers cannot see it: `blind` says why.  `href` is the page that shows its cause."""

    name: str
    severity: Severity
    for_s: int
    href: str
    judge: Judge | None = None
    blind: str = ""


_LAST_WEEK = "compares with the same hour of last week, and a worker remembers one hour"
_BUDGET = "adds up six hours and more, and a worker remembers one"
_POLL = "is told by the poll, which is a process of its own"
_GATEWAY = "is told by the gateway, which is a process of its own"
_LANE, _INTAKE, _WORKERS, _ORDERS = "/#sink-commerce", "/#intake", "/#workers", "/orders"
_LETTERS, _RECONCILIATION, _SETTINGS = "/dead-letters", "/reconciliation", "/settings"
_COMPLETENESS = "/completeness"

RULES: tuple[Rule, ...] = (
    Rule("WorkerNotPolling", "page", 120, _WORKERS, signs.not_polling),
    Rule("NoWorker", "page", 120, _WORKERS, signs.never),
    Rule("ConsumerStalled", "page", 60, _INTAKE, signs.stalled),
    Rule("RecordUnfinished", "page", 0, _INTAKE, signs.unfinished),
    Rule("StockNotApplied", "page", 60, _LANE, signs.not_applied),
    Rule("NoTraffic", "page", 600, _INTAKE, blind=_LAST_WEEK),
    Rule("IntakePaused", "page", 0, _INTAKE, signs.paused),
    Rule("LedgerMismatch", "page", 900, "/#accounting", signs.mismatch),
    Rule("FreshnessBudgetBurnFast", "page", 120, _LANE, blind=_BUDGET),
    Rule("FreshnessBudgetBurnSlow", "ticket", 3600, _LANE, blind=_BUDGET),
    Rule("TargetNeedsOperator", "page", 0, "/", signs.refused),
    Rule("TargetAway", "ticket", 300, "/", signs.away),
    Rule("TargetErrorRatio", "ticket", 600, "/", signs.failing),
    Rule("TargetThrottled", "ticket", 600, "/", signs.throttled),
    Rule("TokenRefreshFailing", "ticket", 300, "/", signs.no_token),
    Rule("UnknownSkus", "ticket", 900, _LANE, signs.unknown_skus),
    Rule("DeadLetterRate", "ticket", 0, _LETTERS, signs.letters_of_stock),
    Rule("DeadLetterOrder", "ticket", 0, _LETTERS, signs.letters_of_orders),
    Rule("DeadLetterAging", "ticket", 600, _LETTERS, signs.old_letters),
    Rule("SchemaUnknown", "ticket", 0, _LETTERS, signs.no_schema),
    Rule("OrdersHeld", "ticket", 300, _ORDERS, signs.held),
    Rule("OrderCommandDead", "ticket", 0, _ORDERS, signs.refused_commands),
    Rule("OrdersFailing", "page", 120, "/orders#stuck", signs.failing_orders),
    Rule("OrderDuplicateSuspected", "page", 0, _ORDERS, signs.doubled),
    Rule("OrdersNotTaken", "page", 60, _INTAKE, signs.not_taken),
    Rule("OrdersWaitForTarget", "page", 60, "/orders#stuck", signs.unanswered),
    Rule("CutOffWillBeMissed", "page", 60, "/", signs.cut_offs),
    Rule("OrderIntakeSilent", "page", 600, _INTAKE, blind=_LAST_WEEK),
    Rule("OrderVolumeDrop", "ticket", 600, _INTAKE, blind=_LAST_WEEK),
    Rule("OrderEventParkedLong", "ticket", 300, _ORDERS, signs.parked_long),
    Rule("UnknownWords", "ticket", 300, "/", signs.unknown_words),
    Rule("ReservationsUndecided", "page", 60, _INTAKE, blind=_GATEWAY),
    Rule("PollOverdue", "ticket", 60, "/", blind=_POLL),
    Rule("OrderNumbersUnexplained", "ticket", 1800, _ORDERS, blind=_POLL),
    Rule("ReferenceRowsWithheld", "ticket", 60, "/", blind=_POLL),
    Rule("StoreDiskLow", "ticket", 300, _WORKERS, signs.disk_below(2 * 1024**3)),
    Rule("StoreDiskLow", "page", 60, _WORKERS, signs.disk_below(200 * 1024**2)),
    Rule("CertificateExpiry", "ticket", 600, _SETTINGS, signs.certificate_within(14)),
    Rule("CertificateExpiry", "page", 600, _SETTINGS, signs.certificate_within(3)),
    Rule("ReconcileMissed", "ticket", 300, _RECONCILIATION, signs.no_proof),
    Rule("ReconcileDrift", "ticket", 600, _RECONCILIATION, signs.drift),
    Rule("ReservationsInconsistent", "ticket", 600, _RECONCILIATION, signs.reserved_wrong),
    Rule("WarehouseDiffers", "ticket", 0, _RECONCILIATION, signs.differing),
    Rule("CompletenessOverdue", "ticket", 300, _COMPLETENESS, signs.not_closed_for_long),
    Rule("CompletenessOpen", "ticket", 300, _COMPLETENESS, signs.does_not_close),
    Rule("RebalanceStorm", "ticket", 0, _WORKERS, signs.assignments),
    Rule("StoreRebuilt", "ticket", 0, _WORKERS, signs.rebuilt),
    Rule("Watchdog", "none", 0, "/alerts", blind="proves the way from Prometheus to people"),
)
"""In the order of the file."""
HREFS = {rule.name: rule.href for rule in RULES}
"""Alert → the page of ours that shows its cause."""
