"""What people do in a warehouse, each act as the stock records that it leaves behind.

An act that is not possible now (nothing to ship, nothing free) leaves none.  Which bucket an act touches follows the
vendors: a pick moves goods between bins and lowers nothing; stock falls at goods issue (SAP EWM); an allocation moves
nothing on hand (reference: StockChange, field `bucket`).
"""

from collections.abc import Callable
from random import Random

from simulators.wms.floor import Allocation, Floor, Transfer
from simulators.wms.model import Entry, Place
from simulators.wms.record import Reference, StockRecord

Action = Callable[[Floor, Random, int], list[StockRecord]]

WEB_SHARE = 0.6
SHORT_SHARE = 0.04
QUALITY_SHARE = 0.5


def _document(kind: str, number: str) -> Reference:
    return {"type": kind, "id": number, "line": None, "commerce_order": None}


def _some(rng: Random, place: Place, *, most: int, steps: int) -> int:
    """A quantity of one to `steps` steps that is not above `most` micros; 0 where not even one step is there."""
    possible = min(most // place.item.step, steps)
    return rng.randint(1, possible) * place.item.step if possible > 0 else 0


def _between_bins(floor: Floor, place: Place, quantity: int, entry: Entry, target: str) -> list[StockRecord]:
    arriving = Entry(entry.at, entry.reason, bin_code=target, reference=entry.reference)
    return [
        floor.books.change(place, "ON_HAND", -quantity, entry),
        floor.books.change(place, "ON_HAND", quantity, arriving),
    ]


def receipt(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    place = floor.any_own(rng)
    if place is None:
        return []
    quantity = rng.randint(10, 60) * place.item.step
    order = _document("PURCHASE_ORDER", floor.books.document("PO"))
    return [floor.books.change(place, "ON_HAND", quantity, Entry(at, "RECEIPT", bin_code="DOCK", reference=order))]


def putaway(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """From the dock or a shelf to a shelf: two records that add up to nothing."""
    place = floor.any_own(rng)
    quantity = _some(rng, place, most=floor.books.quantity(place, "ON_HAND"), steps=20) if place else 0
    if place is None or not quantity:
        return []
    reason, origin = rng.choice((("PUTAWAY", "DOCK"), ("MOVE", "A-07")))
    return _between_bins(floor, place, quantity, Entry(at, reason, bin_code=origin), f"B-{rng.randint(1, 99):02d}")


def allocate(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """An order claims goods: most come from the web shop and carry its order number, the rest from other channels."""
    place = floor.any_own(rng)
    quantity = _some(rng, place, most=floor.free(place), steps=5) if place else 0
    if place is None or not quantity:
        return []
    number = floor.next_order()
    web = rng.random() < WEB_SHARE
    allocation = Allocation(
        place, quantity, floor.books.document("SO" if web else "EDI"), f"{number:09d}" if web else None
    )
    floor.allocations.append(allocation)
    return [floor.books.change(place, "ALLOCATED", quantity, Entry(at, "ALLOCATE", reference=allocation.reference))]


def deallocate(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """The order was cancelled."""
    allocation = floor.take_allocation(rng)
    if allocation is None:
        return []
    entry = Entry(at, "DEALLOCATE", reason_code="ORDER-CANCELLED", reference=allocation.reference)
    return [floor.books.change(allocation.place, "ALLOCATED", -allocation.quantity, entry)]


def pick(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """Goods go to the staging bin; now and then fewer are found than were promised, and the promise shrinks."""
    allocation = floor.take_allocation(rng)
    if allocation is None:
        return []
    floor.allocations.append(allocation)
    if allocation.picked:
        return []
    allocation.picked = True
    records = _short(floor, allocation, at) if rng.random() < SHORT_SHARE else []
    entry = Entry(at, "PICK", bin_code=f"B-{rng.randint(1, 99):02d}", reference=allocation.reference)
    return records + _between_bins(floor, allocation.place, allocation.quantity, entry, "STAGING")


def _short(floor: Floor, allocation: Allocation, at: int) -> list[StockRecord]:
    step = allocation.place.item.step
    if allocation.quantity <= step:
        return []
    allocation.quantity -= step
    entry = Entry(at, "SHORT", reason_code="NOT-FOUND", reference=allocation.reference)
    return [floor.books.change(allocation.place, "ALLOCATED", -step, entry)]


def ship(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """Goods issue: on hand falls, and with it the promise."""
    allocation = floor.take_allocation(rng)
    if allocation is None:
        return []
    entry = Entry(at, "SHIP", reason_code="GOODS-ISSUE", bin_code="STAGING", reference=allocation.reference)
    return [
        floor.books.change(allocation.place, "ON_HAND", -allocation.quantity, entry),
        floor.books.change(allocation.place, "ALLOCATED", -allocation.quantity, entry),
    ]


def give_back(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """A customer's return; half of them wait for quality inspection."""
    place = floor.any_own(rng)
    if place is None:
        return []
    quantity = rng.randint(1, 3) * place.item.step
    returned = _document("RETURN", floor.books.document("RMA"))
    records = [floor.books.change(place, "ON_HAND", quantity, Entry(at, "RETURN", bin_code="DOCK", reference=returned))]
    if rng.random() < QUALITY_SHARE:
        inspection = Entry(at, "HOLD", reason_code="INSPECT", status_code="QUALITY", reference=returned)
        records.append(floor.books.change(place, "ON_HOLD", quantity, inspection))
    return records


def adjust(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """Found or lost goods; what is promised or blocked is not lost."""
    place = floor.any_own(rng)
    if place is None:
        return []
    lost = _some(rng, place, most=floor.free(place), steps=3) if rng.random() < 1 / 2 else 0
    change, code = (-lost, "DAMAGED") if lost else (place.item.step, "FOUND")
    return [floor.books.change(place, "ON_HAND", change, Entry(at, "ADJUSTMENT", reason_code=code))]


def hold(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    place = floor.any_own(rng)
    quantity = _some(rng, place, most=floor.free(place), steps=10) if place else 0
    if place is None or not quantity:
        return []
    entry = Entry(at, "HOLD", reason_code="BLOCKED", status_code="BLOCKED")
    return [floor.books.change(place, "ON_HOLD", quantity, entry)]


def release(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """Inspection ends: the goods are free again, or scrapped."""
    place = floor.any_own(rng)
    held = floor.books.quantity(place, "ON_HOLD") if place else 0
    if place is None or not held:
        return []
    if rng.random() < 2 / 3:
        return [floor.books.change(place, "ON_HOLD", -held, Entry(at, "RELEASE", status_code="UNRESTRICTED"))]
    scrapped = Entry(at, "SCRAP", reason_code="QUALITY")
    return [floor.books.change(place, bucket, -held, scrapped) for bucket in ("ON_HAND", "ON_HOLD")]


def transfer_out(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """Goods leave for another warehouse and are on the way there."""
    place = floor.any_own(rng)
    destinations = floor.elsewhere(place) if place else []
    quantity = _some(rng, place, most=floor.free(place), steps=10) if place and destinations else 0
    if place is None or not quantity:
        return []
    transfer = Transfer(rng.choice(destinations), quantity, floor.books.document("TR"))
    floor.transfers.append(transfer)
    entry = Entry(at, "TRANSFER_OUT", reference=_document("TRANSFER", transfer.number))
    return [
        floor.books.change(place, "ON_HAND", -quantity, entry),
        floor.books.change(transfer.destination, "IN_TRANSIT", quantity, entry),
    ]


def transfer_in(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    transfer = floor.take_transfer(rng)
    if transfer is None:
        return []
    entry = Entry(at, "TRANSFER_IN", bin_code="DOCK", reference=_document("TRANSFER", transfer.number))
    return [
        floor.books.change(transfer.destination, "IN_TRANSIT", -transfer.quantity, entry),
        floor.books.change(transfer.destination, "ON_HAND", transfer.quantity, entry),
    ]


def count(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """A cycle count: usually what the books say, sometimes one step off."""
    place = floor.any_own(rng)
    if place is None:
        return []
    booked = floor.books.quantity(place, "ON_HAND")
    counted = max(booked + rng.choice((0, 0, 0, 1, -1)) * place.item.step, floor.bound(place), 0)
    entry = Entry(at, "CYCLE_COUNT", reference=_document("COUNT", floor.books.document("CC")))
    return [floor.books.state(place, "ON_HAND", counted, entry)]


def statement(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """A drop-shipper says what is available, absolute, without parts and without numbering."""
    place = floor.any_statement(rng)
    if place is None:
        return []
    available = floor.books.quantity(place, "AVAILABLE") + rng.randint(-6, 6) * place.item.step
    return [floor.books.state(place, "AVAILABLE", max(available, 0), Entry(at, "SNAPSHOT"))]


def tied_count(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """Two counts with one time: the later recorded one holds.  Never happens unless its weight is set."""
    place = floor.any_own(rng)
    if place is None:
        return []
    booked = floor.books.quantity(place, "ON_HAND")
    entry = Entry(at, "CYCLE_COUNT", reason_code="PROVISIONAL")
    provisional = floor.books.state(place, "ON_HAND", booked + place.item.step, entry)
    final = floor.books.state(place, "ON_HAND", booked, Entry(at, "CYCLE_COUNT", reason_code="FINAL", tie=True))
    final["recorded_at"] = provisional["recorded_at"] + 1_000
    return [provisional, final]


def oversell(floor: Floor, rng: Random, at: int) -> list[StockRecord]:
    """More goods leave than the books hold.  Needs books that allow negative stock, and a weight."""
    place = floor.any_own(rng)
    if place is None:
        return []
    quantity = floor.books.quantity(place, "ON_HAND") + place.item.step
    return [floor.books.change(place, "ON_HAND", -quantity, Entry(at, "ADJUSTMENT", reason_code="OVERSOLD"))]


ACTIONS: dict[str, Action] = {
    "receipt": receipt,
    "putaway": putaway,
    "allocate": allocate,
    "deallocate": deallocate,
    "pick": pick,
    "ship": ship,
    "return": give_back,
    "adjust": adjust,
    "hold": hold,
    "release": release,
    "transfer-out": transfer_out,
    "transfer-in": transfer_in,
    "count": count,
    "statement": statement,
    "tied-count": tied_count,
    "oversell": oversell,
}

MIX: dict[str, float] = {
    "receipt": 3,
    "putaway": 4,
    "allocate": 28,
    "deallocate": 2,
    "pick": 14,
    "ship": 24,
    "return": 2,
    "adjust": 2,
    "hold": 2,
    "release": 2,
    "transfer-out": 2,
    "transfer-in": 2,
    "count": 3,
    "statement": 8,
}
"""How often each act happens, relative to the others."""
