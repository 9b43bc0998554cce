"""Named worlds: each a state that a page must be able to say."""

from collections.abc import Callable
from typing import Any

import msgspec

from streams.runtime.operating.letter_closings import Closing
from streams.web import facts as f
from streams.web.letter_index import IndexState
from streams.web.reconcile_facts import RunFact
from streams.web.stock_facts import RowFact, ShopFact
from tests.unit.streams.web.worlds import (
    ACCOUNTED,
    DESIRED,
    HOLD,
    NOW,
    REBASE,
    RESERVATION,
    SECOND,
    STOCK,
    World,
    drift,
    intake,
    lane,
    ledger,
    letter,
    reconcile_run,
    reconciling,
    reservation,
    reservation_run,
    row,
    source,
    target,
    worker,
)

HOSTILE = (
    '<img src=x onerror=alert(1)>\u202etxet "quoted" \'single\' {{7*7}} "><script>alert(2)</script>\u200b'
    "a\u0301" + "\u0301" * 200 + "\x00" + "\ud800" + "W" * 10_000
)
HOSTILE_SKU = "<b>\u202e'\"&amp;{{7*7}}javascript:alert(1)"
MINUTE = 60 * SECOND
NO_ONE = "http://127.0.0.1:1"
"""Nothing listens there."""


def calm_but(**own: Any) -> World:
    """Calm, where the worker that answers says this of itself."""
    world = calm()
    world.own = msgspec.structs.replace(world.own, **own)
    return world


def calm() -> World:
    rows: dict[str, tuple[RowFact, ...]] = {"PUMP-200": (row("north", "120", "120"), row("south", "70.7", "70.7"))}
    shops: dict[str, tuple[ShopFact, ...]] = {
        "PUMP-200": (
            ShopFact("north", "120.0000", in_stock=True, at=NOW),
            ShopFact("south", "70.7", in_stock=True, at=NOW),
        )
    }
    return World(ledgers={"PUMP-200": ledger()}, lane_rows=rows, shops=shops)


def drifted() -> RunFact:
    """Twelve pairs differ, seven were repaired."""
    none = {"missing": 0, "stale": 0, "foreign-edit": 0, "orphan": 0}
    return reconcile_run(
        agree=299_988,
        found={**none, "stale": 7, "foreign-edit": 5},
        repaired={**none, "stale": 7},
        repair=("stale",),
        drift=(drift(), drift("PUMP-201", kind="stale", repaired=True), drift("A&B/1", theirs=None, kind="missing")),
    )


def busy() -> World:
    """The shop refuses our credential, and 1,024 letters name one location."""
    world = calm()
    world.letters = [letter(number) for number in range(1024)]
    wrong = ((n, f"key b'X-{n}' is not the SKU of the record") for n in range(7))
    world.letters += [letter(2000 + n, reason="wrong-key", detail=detail) for n, detail in wrong]
    order = f.OrderFact("sink/commerce", "run", "operator-2 (operate)", "mapping checked", NOW - 150 * MINUTE)
    world.own = msgspec.structs.replace(
        world.own,
        targets=(target(state="needs-operator", since=NOW - 36 * MINUTE, why="UnauthorizedError: 401 refused"),),
        lane=lane(
            pending=412, oldest_pending_since=NOW - 36 * MINUTE, unknown_skus=("GHOST-1", "GHOST-2"), frozen_calls=1
        ),
        orders=(order,),
        statements={"agrees": 1200, "differs": 3, "unknown": 1, "counted-since": 40},
        reconciliation=reconciling(
            reconcile_run("full", run="full-2", state="failed", why="UnauthorizedError: 401 refused", compared=120_000),
            drifted(),
            refusal="adobe_commerce cannot be asked now (UnauthorizedError: 401 refused); nothing was begun",
        ),
    )
    world.lane_rows["PUMP-200"] = (row("north", "120", "120"), row("south", "70.7", "74"))
    return world


def zero() -> World:
    empty = tuple(
        intake(topic, tuple(range(8)), consumed=0, lag_records=0, oldest_unfinished_s=0.0)
        for topic in (STOCK, HOLD, REBASE, RESERVATION)
    )
    desired = intake(DESIRED, (0,), consumed=0, lag_records=0, oldest_unfinished_s=0.0)
    quiet = lane(applied=0, delay_p50_s=None, delay_p99_s=None)
    silent_target = target(last_answer_at=0, requests={}, p50_s=None, p99_s=None)
    own = worker(
        intakes=(*empty, desired), accounted={}, lane_accounted={}, lane=quiet, targets=(silent_target,),
        reconciliation=reconciling(),
        started_at=NOW - 4 * MINUTE,
    )  # fmt: skip
    return World(own=own)


def partial() -> World:
    """worker-3 is in the group, owns partitions and does not answer."""
    world = calm()
    world.own = worker(1, (0, 1, 2, 3, 4))
    world.others = {NO_ONE: (5, 6, 7)}
    return world


def partial_without_lane() -> World:
    """The silent worker holds the stock lane."""
    world = partial()
    world.own = msgspec.structs.replace(worker(2, (0, 1, 2, 3, 4)), accounted=ACCOUNTED)
    world.lane_owner = NO_ONE
    return world


def rebuilding() -> World:
    world = calm()
    world.own = worker(ready=False, working=False, recovering={"stock-ledger": 360_000})
    return world


def shadow() -> World:
    world = calm()
    differences = tuple(
        f.DifferenceFact(f"PUMP-{n}", "north", "120 in stock", "118 in stock", NOW - n * SECOND) for n in range(3)
    )
    order = f.OrderFact("sink/commerce", "shadow", "operator-2 (operate)", "new mapping", NOW - 150 * MINUTE)
    world.own = msgspec.structs.replace(
        world.own,
        lane=lane(
            mode="shadow",
            compared=5120,
            differing=3,
            differences=differences,
            pending=3,
            oldest_pending_since=NOW - 40 * SECOND,
        ),
        orders=(order,),
    )
    return world


def outage() -> World:
    """The shop does not answer for six minutes; stock lies in wait."""
    world = calm()
    why = "TargetUnavailableError: connection refused"
    world.own = msgspec.structs.replace(
        world.own,
        targets=(target(state="open", since=NOW - 6 * MINUTE, why=why, last_answer_at=NOW - 6 * MINUTE),),
        lane=lane(pending=18_204, oldest_pending_since=NOW - 6 * MINUTE, frozen_calls=1),
    )
    late = row("south", "70.7", "74", state="dirty", dirty_since=NOW - 5 * MINUTE)
    world.lane_rows["PUMP-200"] = (row("north", "120", "120"), late)
    return world


def twelve() -> World:
    """Twelve things are wrong at once."""
    world = busy()
    world.letters += [letter(3000 + n, reason=reason, detail="x") for n, reason in enumerate(
        ("bad-sku", "unknown-unit", "not-owner", "undecodable", "unexpected-error", "too-large"))]  # fmt: skip
    order = f.OrderFact(f"intake/{STOCK}", "paused", "guard", "100 unexpected errors in a row", NOW - 2 * MINUTE)
    intakes = (intake(STOCK, tuple(range(8)), paused=True, oldest_unfinished_s=95.0), *world.own.intakes[1:])
    world.own = msgspec.structs.replace(
        world.own,
        ready=False,
        intakes=intakes,
        orders=(*world.own.orders, order),
        gaps=(f.GapFact(STOCK, 5, 88_120, 88_419),),
        troubles=(f.TroubleFact("group", "no broker answers (for 64 s)", NOW - 64 * SECOND, blocks=True),),
    )
    return world


def letters_unknown() -> World:
    world = calm()
    world.index_state = IndexState(why="the dead-letter topic cannot be read: KafkaConnectionError")
    return world


def worked() -> World:
    """Letters of which some were dealt with, in every way there is; of one group none is open any more."""
    world = calm()
    world.letters = [letter(1000 + number) for number in range(12)]
    gone = letter(1020, reason="unknown-unit", detail="unit 'PAL' is in no table")
    world.letters.append(gone)
    ways = ("retry-letter", "edit-letter", "discard-letter", "supersede-letter")
    for number, action in enumerate(ways):
        one = world.letters[number]
        world.closings[one.id] = Closing(
            action, NOW - (9 - number) * MINUTE, "token (operate)", "typo at DC-1", one.place
        )
    world.closings[gone.id] = Closing("edit-letter", NOW - MINUTE, "operator amy@desk", "", gone.place)
    return world


def hostile() -> World:
    """Every text that comes from outside tries to break the page."""
    world = busy()
    sku = HOSTILE_SKU
    stock = ledger(
        sku, sources=(source(HOSTILE[:300], "1", without_base=(HOSTILE[:400],)), source("north", None, shown=False))
    )
    scopes = tuple(
        msgspec.structs.replace(one, location=HOSTILE[:300], source_system=HOSTILE[:300]) for one in stock.scopes
    )
    causes = tuple(msgspec.structs.replace(one, location=HOSTILE[:200], reason=HOSTILE[:200]) for one in stock.causes)
    world.ledgers[sku] = msgspec.structs.replace(stock, scopes=scopes, causes=causes)
    world.lane_rows[sku] = (row("north", "5", "4", reason=HOSTILE[:300], state="dead"),)
    world.nearby = (HOSTILE_SKU, "PUMP-20")
    said = {"detail": _inert(HOSTILE)[:300], "key": _inert(HOSTILE)[:256]}
    world.letters = [letter(n, reason="rejected-by-target", **said) for n in range(3)]
    over = letter(9, reason="rejected-by-target", **said)
    world.letters.append(over)
    who, why = _inert(HOSTILE)[:200], _inert(HOSTILE)[200:400]
    world.closings = {over.id: Closing("discard-letter", NOW - MINUTE, who, why, over.place)}
    world.letter_bytes = HOSTILE.encode("utf-8", "surrogatepass")
    order = f.OrderFact("sink/commerce", "run", _inert(HOSTILE)[:200], _inert(HOSTILE)[:400], NOW - MINUTE)
    world.own = msgspec.structs.replace(
        world.own,
        worker="worker-<b>1",
        targets=(
            target(name="<script>alert(3)</script>", state="open", since=NOW - MINUTE, why=_inert(HOSTILE)[:300]),
        ),
        lane=lane(pending=2, unknown_skus=(sku, "x" * 64)),
        orders=(order,),
        reconciliation=reconciling(
            reconcile_run(
                state="failed", why=_inert(HOSTILE)[:300], by=_inert(HOSTILE)[:200], run=_inert(HOSTILE)[:100]
            ),
            reconcile_run(
                found={"orphan": 1},
                drift=(drift(sku, source_code=_inert(HOSTILE)[:128], kind="orphan", ours=None),),
                repaired={},
            ),
            reservation_run(reservation(sku=sku, compensation=f"1:{sku}:+1:1")),
            refusal=_inert(HOSTILE)[:300],
            reservations_refusal=_inert(HOSTILE)[:300],
        ),
        settings={**world.own.settings, "STREAMS_WEB__ENVIRONMENT": _inert(HOSTILE)[:500]},
    )
    return world


def _inert(text: str) -> str:
    """JSON between workers carries no lone surrogates: they are replaced where bytes become text."""
    return text.replace("\ud800", "\ufffd")


SCENES: dict[str, Callable[[], World]] = {
    "calm": calm,
    "busy": busy,
    "zero": zero,
    "partial": partial,
    "partial-lane": partial_without_lane,
    "rebuilding": rebuilding,
    "shadow": shadow,
    "outage": outage,
    "twelve": twelve,
    "letters-unknown": letters_unknown,
    "worked": worked,
    "hostile": hostile,
}
