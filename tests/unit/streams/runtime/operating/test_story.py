from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.inventory import InventoryHold, RecountRequest, StockRebase
from schemas.models.operations import Audit, Outcome, OutcomeState
from schemas.models.stock_reservation import ReservationRequest
from streams.domain.stock_rules import StockRules
from streams.runtime.lookback import Place
from streams.runtime.operating.readable import time_text
from streams.runtime.operating.story import in_order, of_record
from streams.runtime.operating.story_events import Event, event_of
from tests.unit.streams.runtime.operating.records import STOCK, bytes_of, letter_record, record, wire

RULES = StockRules()
DESIRED, OUTCOME, AUDIT, HOLD = "inventory.desired.v1", "commerce.outcome.v1", "audit.v1", "inventory.hold.v1"
M = 1_000_000


def told(topic: str, model: object, offset: int = 0, **changes: object) -> Event:
    read = record(Place(topic, 0, offset), bytes_of(topic, model), **changes)  # type: ignore[arg-type]  # a model
    return event_of(read, wire(), RULES)


def snapshot(offset: int, **newest: int) -> Event:
    """Source → offset of the newest record that its quantity contains."""
    sources = tuple(SourceQuantity(code, 120 * M, 1, 1, 1, 0, Cause(HOLD, 0, cause)) for code, cause in newest.items())
    return told(DESIRED, DesiredStock("SKU-1", 5, 2, 0, sources), offset, timestamp=1000 + offset)


def outcome(offset: int, source: str, state: OutcomeState, cause: int) -> Event:
    one = Outcome(
        command_id="c",
        role="commerce",
        kind="write-stock",
        entity="SKU-1",
        part=source,
        epoch=5,
        counter=2,
        state=state,
        value="120 in stock",
        started_at=0,
        at=0,
        cause=Cause(HOLD, 0, cause),
    )
    return told(OUTCOME, one, offset, timestamp=1000 + offset)


def hold(offset: int, source: str = "north") -> Event:
    one = InventoryHold(
        hold_id="h1", revision=1, sku="SKU-1", source_code=source, kind="ALLOCATION", quantity=4 * M, effective_at=0
    )
    return told(HOLD, one, offset)


def test_each_kind_of_record_says_in_words_what_it_is() -> None:
    rebase = StockRebase(
        rebase_id="r", sku="S", location_code="W1", bucket="ON_HAND", quantity=M, effective_at=0, actor="me", reason="x"
    )
    recount = RecountRequest(request_id="q", sku="S", source_system="wms", bucket="ON_HAND", reason="GAP", at=0)
    act = Audit(
        audit_id="a", at=0, actor="me", action="pause-sink", entity_type="sink", entity="commerce", after="paused"
    )

    assert hold(0).text == "hold h1 of 4 at north"
    assert snapshot(0, north=1).text == "Commerce should show north 120"
    assert (outcome(0, "north", "APPLIED", 1).text, outcome(0, "n", "DEAD", 1).state) == (
        "north: applied 120 in stock",
        "stopped",
    )
    asked = ReservationRequest(
        request_id="q", reservation_id="r1", sku="S", action="CREATE", client="pos", quantity=2 * M, at=0
    )
    assert told("inventory.reservation-request.v1", asked).text == "create reservation r1 of 2"
    assert told("inventory.rebase.v1", rebase).text == "rebase ON_HAND =1 at W1"
    assert told("inventory.recount.v1", recount).text == "recount asked: ON_HAND (gap)"
    assert told(AUDIT, act).text == "pause-sink: – → paused"


def test_bytes_that_cannot_be_read_are_part_of_the_story() -> None:
    event = event_of(record(Place(STOCK, 0, 1), b"\x00\x00\x00\x00\x01nonsense"), wire(), RULES)

    assert (event.state, event.text) == ("stopped", "a record that cannot be read")
    assert event.detail


def test_a_letter_tells_its_reason_and_names_its_record() -> None:
    event = event_of(letter_record(reason="unknown-location", detail="location 'X'"), wire(), RULES)

    assert (event.text, event.detail, event.state) == ("set aside: unknown-location", "location 'X'", "stopped")
    assert event.about == (f"{STOCK}-3-120",)


def test_a_record_that_was_sent_again_says_of_which_letter() -> None:
    again = record(Place(HOLD, 0, 3), b"", headers=(("streams-retry-of", b"x-1-2"),))

    event = event_of(again, wire(), RULES)

    assert event.text.endswith("(letter x-1-2 sent again)")
    assert event.about == ("x-1-2",)


def test_the_story_of_a_record_ends_with_what_first_holds_it_at_its_own_source() -> None:
    record_itself = hold(7, "south")
    story = [
        hold(6, "north"),
        record_itself,
        snapshot(1, north=6, south=5),
        snapshot(2, north=6, south=7),
        snapshot(3, north=9, south=7),
        outcome(4, "north", "APPLIED", 9),
        outcome(5, "south", "PARKED", 7),
        outcome(6, "south", "APPLIED", 8),
        outcome(7, "south", "APPLIED", 9),
    ]

    found = of_record(story, record_itself.place)

    assert [(one.place.topic, one.place.offset) for one in found] == [
        (HOLD, 7),
        (DESIRED, 2),
        (OUTCOME, 5),
        (OUTCOME, 6),
    ]


def test_letters_and_acts_that_name_the_record_belong_to_its_story() -> None:
    place = Place(STOCK, 3, 120)
    letter = event_of(letter_record(), wire(), RULES)
    act = told(
        AUDIT,
        Audit(audit_id="a", at=0, actor="me", action="discard-letter", entity_type="letter", entity=f"{STOCK}-3-120"),
    )

    assert of_record([letter, act, hold(1)], place) == in_order([letter, act])


def test_of_one_millisecond_causes_come_before_effects() -> None:
    same = 1000
    events = [outcome(0, "n", "APPLIED", 1), snapshot(0, n=1), hold(0)]
    events = [event_of_same(event, same) for event in events]

    assert [one.place.topic for one in in_order(events)] == [HOLD, DESIRED, OUTCOME]


def event_of_same(event: Event, at: int) -> Event:
    return Event(at=at, kind=event.kind, state=event.state, text=event.text, place=event.place)


def test_a_time_that_no_calendar_holds_stays_a_number() -> None:
    assert time_text(0) == "1970-01-01T00:00:00Z"
    assert time_text(2**62) == f"{2**62} µs"
