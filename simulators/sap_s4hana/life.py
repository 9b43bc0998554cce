"""What the company does with an order after it was made; `PLAN` is what happens where nobody says otherwise.

Fields and documents: API_SALES_ORDER_SRV.openapi.json.  Values of statuses (credit B held, D released), categories of
documents, and that the order's own time of change moves with its documents are general knowledge; README.md says so.
"""

from collections.abc import Callable, Mapping

from simulators.core.life import Due, Happening, Life, Step, check_plan
from simulators.sap_s4hana import following
from simulators.sap_s4hana.book import DAY_MS, Book, Document, promised_ms
from simulators.sap_s4hana.following import Detail, NotNowError, need
from simulators.sap_s4hana.settings import Settings

PLAN: tuple[Step, ...] = (
    Step("hold", 2, 0.1),
    Step("reject", 3, 0.03, ends=True),
    Step("release", 8),
    Step("confirm", 10),
    Step("cancel", 12, 0.03, ends=True),
    Step("move-date", 15, 0.15),
    Step("finish-work-order", 30),
    Step("deliver-part", 35, 0.2),
    Step("bill", 38, 0.5),
    Step("deliver", 50),
    Step("bill", 60),
    Step("bill-part", 55, 0.2),
    Step("authorise-return", 80, 0.1),
    Step("credit", 100),
)
MOVED_BY_DAYS = 7
REJECTED, CANCELLED = "00", "50"
"""Reasons for rejection of the simulated company: beyond its limits, and on request."""

APART = frozenset({"authorise-return", "reject-return", "credit", "credit-by-request", "cancel-bill"})
"""Steps that change documents of their own and leave the order as it is."""


def life_of(settings: Settings) -> Life:
    """Raises ValueError for a plan with a step that nobody knows."""
    plan = PLAN if settings.life_plan is None else settings.life_plan
    check_plan(plan, frozenset(STEPS))
    return Life(plan if settings.life else (), settings.seed, settings.life_rate)


def go_on(due: Due, book: Book, settings: Settings, now: float) -> Happening:
    """One step of one order; without effect where it does not fit."""
    document = book.documents.get(due.key)
    if document is None:
        return Happening(now, due.key, due.what, effect=False, detail={"skipped": "the order is gone"})
    try:
        told = STEPS[due.what](document, book, settings, now)
    except NotNowError as problem:
        return Happening(now, due.key, due.what, effect=False, detail={"skipped": str(problem)})
    if due.what not in APART:
        document.touch(now)
    return Happening(now, due.key, due.what, effect=True, detail={"reference": document.reference, **told})


def _untouched(document: Document) -> bool:
    return all(item.is_open for item in document.items)


def _hold(document: Document, _book: Book, _settings: Settings, _now: float) -> Detail:
    need(document.credit != "B" and _untouched(document), "held, delivered or rejected already")
    document.credit = "B"
    return {}


def _release(document: Document, _book: Book, _settings: Settings, _now: float) -> Detail:
    need(document.credit == "B", "it is not held")
    document.credit = "D"
    return {}


def _confirm(document: Document, _book: Book, settings: Settings, now: float) -> Detail:
    open_ones = [item for item in document.items if item.is_open]
    need(open_ones and document.credit != "B", "held, delivered or rejected")
    for item in open_ones:
        item.confirmed = item.quantity
        item.confirmed_ms = item.confirmed_ms or promised_ms(document.sent, now, settings)
    return {}


def _move_date(document: Document, _book: Book, _settings: Settings, _now: float) -> Detail:
    moved = [item for item in document.items if item.is_open and item.confirmed_ms is not None]
    need(moved, "nothing is promised that is still to come")
    for item in moved:
        item.confirmed_ms = (item.confirmed_ms or 0) + MOVED_BY_DAYS * DAY_MS
    return {}


def _finish_work_order(document: Document, _book: Book, _settings: Settings, _now: float) -> Detail:
    built = [item for item in document.items if item.work_order and not item.work_order_done]
    need(built and not any(item.rejection_reason for item in built), "no work order is open")
    for item in built:
        item.work_order_done = True
    return {"work_orders": [item.work_order for item in built]}


def _deliver(*, part: bool) -> "Do":
    def run(document: Document, book: Book, _settings: Settings, now: float) -> Detail:
        """Items are delivered whole; a part is the first of them, where another stays."""
        left = [item for item in document.items if item.is_open]
        need(left and document.credit != "B", "held, delivered or rejected")
        need(not part or len(left) > 1, "there is one item only")
        number = book.new_delivery(now)
        for item in left[:1] if part else left:
            item.delivered, item.delivery = True, number
        return {"delivery": number}

    return run


def _end(reason: str) -> "Do":
    def run(document: Document, _book: Book, _settings: Settings, _now: float) -> Detail:
        need(_untouched(document), "delivered or rejected already")
        for item in document.items:
            item.rejection_reason = reason
        return {"reason": reason}

    return run


Do = Callable[[Document, Book, Settings, float], Detail]
STEPS: Mapping[str, Do] = {
    "hold": _hold,
    "release": _release,
    "confirm": _confirm,
    "move-date": _move_date,
    "finish-work-order": _finish_work_order,
    "deliver-part": _deliver(part=True),
    "deliver": _deliver(part=False),
    "bill": following.bill,
    "bill-part": following.bill_part,
    "authorise-return": following.authorise_return,
    "reject-return": following.reject_return,
    "credit": following.credit,
    "credit-by-request": following.credit_by_request,
    "cancel-bill": following.cancel_bill,
    "reject": _end(REJECTED),
    "cancel": _end(CANCELLED),
}
