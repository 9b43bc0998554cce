"""What the account does with a sales order after it was made; `PLAN` is what happens where nobody says otherwise.

Records and statuses: Oracle's REST API Browser 2026.1.  Who changes what, and that a held customer's order waits for
approval, is general knowledge.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from simulators.core.life import Due, Happening, Life, Step, check_plan
from simulators.netsuite.errors import ApiError, user_error
from simulators.netsuite.sales_orders import Books
from simulators.netsuite.settings import Settings
from simulators.netsuite.state import Document, SalesOrder, State

PLAN: tuple[Step, ...] = (
    Step("hold", 2, 0.1),
    Step("reject", 3, 0.03, ends=True),
    Step("release", 8, 1.0),
    Step("approve", 10, 1.0),
    Step("cancel", 12, 0.03, ends=True),
    Step("move-date", 15, 0.15),
    Step("open-work-order", 16, 1.0),
    Step("finish-work-order", 30, 1.0),
    Step("fulfil-part", 35, 0.2),
    Step("bill", 38, 0.5),
    Step("fulfil", 50, 1.0),
    Step("bill", 60, 1.0),
    Step("authorise-return", 80, 0.1),
    Step("credit", 100, 1.0),
)
MOVED_BY = timedelta(days=7)
REASONS = {"reject": "Rejected: beyond the credit limit", "cancel": "Cancelled on request"}

Detail = dict[str, object]


def life_of(settings: Settings) -> Life:
    """Raises ValueError for a plan with a step that nobody knows."""
    plan: Sequence[Step] = PLAN if settings.life_plan is None else settings.life_plan
    check_plan(plan, frozenset(STEPS))
    return Life(plan if settings.life else (), settings.seed, settings.life_rate)


def go_on(due: Due, books: Books) -> Happening:
    """One planned step."""
    order = books.state.by_external_id(due.key)
    if order is None:
        return Happening(books.now, due.key, due.what, effect=False, detail={"skipped": "the order is gone"})
    try:
        return Happening(books.now, due.key, due.what, effect=True, detail=do(due.what, order, books))
    except ApiError as refusal:
        return Happening(books.now, due.key, due.what, effect=False, detail={"skipped": refusal.troubles[0].detail})


def do(what: str, order: SalesOrder, books: Books) -> Detail:
    """Raises ApiError where the order is not in a state for it; then nothing has changed."""
    return {**STEPS[what](order, books), "status": order.status}


def _hold(order: SalesOrder, books: Books) -> Detail:
    """The customer is put on credit hold, and the order waits for approval again."""
    _need(order, "AB")
    books.state.credit_held.add(order.id)
    order.approved = False
    books.touch(order)
    return {}


def _release(order: SalesOrder, books: Books) -> Detail:
    if order.id not in books.state.credit_held:
        raise user_error("The customer is not on hold")
    _need(order, "A")
    books.state.credit_held.discard(order.id)
    order.approved = True
    books.touch(order)
    return {}


def _approve(order: SalesOrder, books: Books) -> Detail:
    _need(order, "A")
    books.state.credit_held.discard(order.id)
    order.approved = True
    books.touch(order)
    return {"expected": [line.expected.isoformat() for line in order.lines]}


def _move_date(order: SalesOrder, books: Books) -> Detail:
    _need(order, "ABDE")
    for line in order.lines:
        if line.left > 0:
            line.expected += MOVED_BY
    books.touch(order)
    return {"expected": [line.expected.isoformat() for line in order.lines]}


def _open_work_order(order: SalesOrder, books: Books) -> Detail:
    _need(order, "ABDE")
    lines = [one for one in order.lines if one.item.made and one.work_order is None and one.left > 0]
    if not lines:
        raise user_error("No line needs a work order")
    opened = [books.open_work_order(order, one).tran_id for one in lines]
    books.touch(order)
    return {"work_orders": opened}


def _finish_work_order(order: SalesOrder, books: Books) -> Detail:
    """Built."""
    open_ones = [one for one in books.state.of(order, "workOrder") if one.status == "B"]
    if not open_ones:
        raise user_error("No work order is open")
    for one in open_ones:
        one.status = "G"
        books.touch(one)
    return {"work_orders": [one.tran_id for one in open_ones]}


def _fulfil_part(order: SalesOrder, books: Books) -> Detail:
    """Half of each line, rounded up."""
    wanted = {one.line: (one.left / 2).to_integral_value(ROUND_CEILING) for one in order.lines if one.left > 0}
    return _told(books.deliver(order, "itemFulfillment", wanted))


def _fulfil(order: SalesOrder, books: Books) -> Detail:
    return _told(books.deliver(order, "itemFulfillment"))


def _bill(order: SalesOrder, books: Books) -> Detail:
    return _told(books.deliver(order, "invoice"))


def _end(what: str) -> "Do":
    """NetSuite has the status Cancelled and no field for a reason: people write it into the memo."""

    def run(order: SalesOrder, books: Books) -> Detail:
        _need(order, "AB")
        order.cancelled = True
        memo = order.header.get("memo")
        order.header["memo"] = "\n".join(one for one in (memo, REASONS[what]) if isinstance(one, str) and one)
        books.touch(order)
        return {"reason": REASONS[what]}

    return run


def _authorise_return(order: SalesOrder, books: Books) -> Detail:
    """One piece of the first line that was delivered and not yet sent back."""
    back = _sent_back(order, books.state)
    for line in order.lines:
        quantity = min(Decimal(1), line.fulfilled - back.get(line.line, Decimal(0)))
        if quantity > 0:
            taken = {line.line: quantity}
            amount = books.amount_of(order, taken)
            made = books.document("returnAuthorization", order, order.id, taken, status="B", amount=amount)
            return _told(made)
    raise user_error("Nothing of this order can come back")


def _credit(order: SalesOrder, books: Books) -> Detail:
    """The return has come and is paid back."""
    for returned in books.state.of(order, "returnAuthorization"):
        if returned.status == "B":
            returned.status = "G"
            books.touch(returned)
            memo = books.document("creditMemo", order, returned.id, returned.lines, status="A", amount=returned.amount)
            return _told(memo)
    raise user_error("No return is open")


Do = Callable[[SalesOrder, Books], Detail]
STEPS: Mapping[str, Do] = {
    "hold": _hold,
    "release": _release,
    "approve": _approve,
    "move-date": _move_date,
    "open-work-order": _open_work_order,
    "finish-work-order": _finish_work_order,
    "fulfil-part": _fulfil_part,
    "fulfil": _fulfil,
    "bill": _bill,
    "reject": _end("reject"),
    "cancel": _end("cancel"),
    "authorise-return": _authorise_return,
    "credit": _credit,
}


def _need(order: SalesOrder, statuses: str) -> None:
    if order.status not in statuses:
        raise user_error("The record can no longer be changed in its status", "status")


def _sent_back(order: SalesOrder, state: State) -> dict[int, Decimal]:
    back: dict[int, Decimal] = {}
    for one in state.of(order, "returnAuthorization"):
        for line, quantity in one.lines.items():
            back[line] = back.get(line, Decimal(0)) + quantity
    return back


def _told(document: Document) -> Detail:
    return {"document": document.tran_id, "amount": str(document.amount)}
