"""What is said about one order: states, reasons, systems and commands in the words of people, codes beside them."""

from collections.abc import Mapping
from types import MappingProxyType

from streams.domain.order_holds import HoldReason
from streams.domain.order_table import ABOUT, OrderState
from streams.web.envelope import State
from streams.web.order_facts import EntryFact, WorkFact
from streams.web.order_parts import OrderParts
from streams.web.words import SHOWN, age, many, seconds_since, upper_first, visible

Words = tuple[State, str, str]

SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "erp": "the ERP",
        "wms": "the WMS",
        "crm": "the CRM",
        "carrier": "the carrier",
        "commerce": "the shop",
        "finance": "the accounting system",
        "operator": "an operator",
    }
)
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "CREATE_ORDER": "make the order",
        "CANCEL_ORDER": "cancel the order",
        "CREATE_TASK": "open a pick task",
        "CANCEL_TASK": "cancel a pick task",
        "RECORD_ORDER": "record the order",
        "RECORD_STATUS": "record its state",
        "POST_INVOICE": "book an invoice",
        "POST_PAYMENT": "book a payment",
        "POST_CREDIT": "book a credit",
        "SET_ERP_NUMBER": "show the ERP's number",
        "ADD_COMMENT": "tell the customer",
        "CREATE_SHIPMENT": "post a shipment",
        "CREATE_INVOICE": "post an invoice",
        "CREATE_CREDIT_MEMO": "post a credit memo",
        "SET_RETURN_NUMBER": "show the return's number",
        "BOOK_LABEL": "book a label",
        "VOID_LABEL": "make a label void",
    }
)
_HOLDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        HoldReason.CHECK_FAILED: (
            "A check of the order failed",
            "Look at what the check names. Correct the order, release it as it is, or reject it.",
        ),
        HoldReason.REJECTED: (
            "A target rejected the order",
            "Read why it did. Set it right there or correct the order, then release it: it is asked anew.",
        ),
        HoldReason.CREDIT: (
            "The ERP holds it for credit",
            "Only the ERP lifts this: a release here changes nothing of it.",
        ),
        HoldReason.SHIPPED_TOO_MUCH: (
            "More was reported than was ordered",
            "Compare what the warehouse says with the order. Release it when it is clear which is right.",
        ),
        HoldReason.SHIPPED_AFTER_CANCEL: (
            "Goods left after the order had ended",
            "Stop the parcel or book it again; then release it.",
        ),
        HoldReason.UNKNOWN_LINE: (
            "A line was reported that the order does not have",
            "Find out which line the system means. Release it when that is settled.",
        ),
        HoldReason.DUPLICATE_SUSPECTED: (
            "A target has the order twice",
            "Cancel one of the two there where it lets you, then release it: nothing is sent before it is looked up.",
        ),
        HoldReason.CANCELLED_BY_WAREHOUSE: (
            "A warehouse gave up its part",
            "Decide who ships it instead, or cancel it; then release it.",
        ),
        HoldReason.CANCEL_REFUSED: (
            "The cancellation was refused",
            "The shop has cancelled it, the target has not. Settle it there, then release it.",
        ),
        HoldReason.REFUSED_AT_SHOP: (
            "The shop refused the cancellation",
            "Cancel it in the shop, or give back what was invoiced there; then release it: the shop is asked anew.",
        ),
        HoldReason.COMMAND_FAILED: (
            "A target refused what it was asked",
            "Set right what it refuses, then release it: it is asked anew.",
        ),
        HoldReason.PREDECESSOR_MISSING: (
            "A step came, the one before it never did",
            "Ask the system for the missing step. Released, the step counts all the same.",
        ),
        HoldReason.UNROUTED: (
            "No warehouse is named for a line",
            "Add a routing rule for the line, then release it.",
        ),
        HoldReason.CHANGED_AFTER_SENT: (
            "The channel changed it after the ERP was asked",
            "Set the ERP's order right by hand, then release it.",
        ),
        HoldReason.REFUSED_BESIDE: (
            "A system beside the order refused what it was asked",
            "Set right there what it refuses (a closed period, a locked document); then release it: it is asked anew.",
        ),
        HoldReason.SENT_BACK: (
            "The carrier brings a parcel back",
            "Find out why. Send it again or give the money back, then release it.",
        ),
    }
)
"""Hold reason → what it means, and what a person can do."""


def hold_title(reason: str) -> str:
    return _HOLDS.get(reason, (upper_first(reason.replace("-", " ")), ""))[0]


def hold_advice(reason: str) -> str:
    unknown = ("", "Look at what the systems say of it; release it when that is settled.")
    return _HOLDS.get(reason, unknown)[1]


def system(name: str) -> str:
    """A source system's or a sink's own word where there is none of ours."""
    return SYSTEMS.get(name.removesuffix("-sink"), name)


def speaker(name: str) -> str:
    """As a sentence begins with it; a system's own name stays as it is written."""
    known = SYSTEMS.get(name.removesuffix("-sink"))
    return name if known is None else upper_first(known)


def short(role: str) -> str:
    """As a box of the picture is named."""
    return role.upper() if len(role) == 3 else upper_first(role)


def about(state: str) -> str:
    """What the state means."""
    return ABOUT[OrderState(state)] if state in OrderState._value2member_map_ else ""


def asked_words(kind: str, part: str) -> str:
    """`open a pick task (north)`."""
    what = COMMANDS.get(kind, kind.lower().replace("_", " ") or "do something that cannot be read")
    return f"{what} ({part})" if part else what


def sentence(parts: OrderParts, limit_s: float) -> Words:
    """Where the order is and what it waits for; `limit_s` is how long work may wait unremarked."""
    entry = parts.entry
    if entry is None:
        return _not_there(parts)
    for judge in (_held, _waiting, _expected):
        found = judge(entry, parts.as_of, limit_s)
        if found is not None:
            return found
    late = " " + " ".join(_parked(entry, parts.as_of)) if entry.parked else ""
    return "ok", upper_first(entry.state.replace("-", " ")), f"{about(entry.state)}{late}"


def _not_there(parts: OrderParts) -> Words:
    if not parts.known:
        return "unknown", "Not everything is known", " ".join(parts.missing)
    if parts.several:
        text = f"{many(len(parts.several), 'order')} carry the number {visible(parts.asked, SHOWN)}."
        return "ok", "More than one order", " ".join((text, *parts.missing))
    text = "Searched: our id, the channel's number and the numbers of its documents. Upper and lower case count."
    return "unknown", "No such order", text


def _held(entry: EntryFact, _now: int, _limit_s: float) -> Words | None:
    if not entry.holds:
        return None
    titles = list(dict.fromkeys(hold_title(one.reason) for one in entry.holds))
    advice = hold_advice(entry.holds[0].reason)
    text = f"{'; '.join(titles)}. {advice} What is under way goes on; nothing is lost."
    return "attention", "Held for a person" if entry.state == OrderState.HELD else "Goes on, and needs a person", text


def _waiting(entry: EntryFact, now: int, limit_s: float) -> Words | None:
    """The one that waits longest is named; it is worth a look where it waits long or its target does not answer."""
    waiting = [work for work in entry.works if work.pending]
    if not waiting:
        return None
    one = min(waiting, key=lambda work: (work.role != "erp", _since(work) or now))
    since = _since(one)
    waits = None if since is None else seconds_since(since, now)
    long = waits is None or waits > limit_s
    state: State = "attention" if long or one.held or one.state != "closed" or one.mode != "run" else "ok"
    what = asked_words(one.pending[0].kind, one.pending[0].part)
    told = f"{speaker(one.role)} is asked to {what}{'' if waits is None else f', for {age(waits)}'}."
    return state, f"Waiting for {system(one.role)}", f"{told} {why_waiting(one, now)}"


def why_waiting(work: WorkFact, now: int) -> str:
    """What holds the next call up, and that it goes out by itself where it does."""
    if work.held:
        return f"Held at the sink ({work.held}): nothing more is sent for it until somebody releases the order."
    if work.mode != "run":
        return f"The sink is in mode {work.mode}: nothing goes out until somebody lets it run."
    if work.state == "needs-operator":
        return f"The target refuses us and a person must act: {work.why}. It waits safely."
    if work.state != "closed":
        return f"The target does not take our calls: {work.why}. It waits safely and goes out by itself."
    return _next_call(work, now)


def _next_call(work: WorkFact, now: int) -> str:
    if work.intent_at is not None:
        return f"A call left {age(seconds_since(work.intent_at, now))} ago; without an answer it is looked up first."
    tried = f"{many(work.attempts, 'attempt')} so far. " if work.attempts else ""
    if work.not_before is not None and work.not_before > now:
        return f"{tried}Next try in {age(seconds_since(now, work.not_before))}."
    return f"{tried}It goes out by itself."


def _since(work: WorkFact) -> int | None:
    return work.pending[0].at


def _expected(entry: EntryFact, now: int, _limit_s: float) -> Words | None:
    if entry.state != OrderState.EXPECTED:
        return None
    return "attention", "The order itself has not come", " ".join((about(entry.state), *_parked(entry, now)))


def _parked(entry: EntryFact, now: int) -> tuple[str, ...]:
    return tuple(
        f"{one.kind}{f' {one.part}' if one.part else ''} waits for {' or '.join(one.waits_for)}; "
        + (
            f"in {age(seconds_since(now, one.until))} it goes to a person."
            if one.until > now
            else "its time is over, a person must look."
        )
        for one in entry.parked
    )
