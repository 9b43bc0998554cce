"""Adobe's deliveries, read without I/O: which order each event names, and what is wrong with a hostile one."""

import json
from typing import Any

import pytest

from streams.sources.adobe_events import MOST_EVENTS, ORDER_EVENTS, NotForUsError, hints_of, validation_of
from streams.sources.hints import Hint
from streams.sources.json_form import MalformedError
from tests.unit.streams.sources.adobe import CLIENT, delivery, event

VALIDATION = "https://csm.adobe.io/csm/registrations/validate?id=8ec8d794-e0ab-42df&challenge=9017-e3dada8e84f7"


def read(body: bytes) -> tuple[Hint, ...]:
    return hints_of(body, CLIENT)


def with_value(value: object) -> bytes:
    return delivery(event(data={"key": "k", "value": value}))


@pytest.mark.parametrize("name", ORDER_EVENTS)
def test_an_order_is_named_by_every_event_of_it(name: str) -> None:
    for kind in (name, f"com.adobe.commerce.{name}", f"com.adobe.commerce.my_parent.{name}"):
        assert read(delivery(event("000000007", "e1", type=kind))) == (Hint("e1", "000000007"),)


def test_the_number_may_stand_in_the_order_that_the_observer_was_given() -> None:
    body = with_value({"order": {"increment_id": "A-7", "customer_email": "x@example.com"}, "quote": {}})

    assert read(body)[0].number == "A-7"


@pytest.mark.parametrize("form", ["list", "events"])
def test_a_batch_is_read_in_its_order(form: str) -> None:
    events = [event(str(number), f"e{number}") for number in range(20)]

    found = read(json.dumps(events if form == "list" else {"events": events}).encode())

    assert found == tuple(Hint(f"e{number}", str(number)) for number in range(20))


def test_new_names_of_fields_are_enough_and_so_are_the_old_ones() -> None:
    new, old = event("1", "n"), event("2", "o")
    for gone in ("event_id", "recipient_client_id"):
        del new[gone]
    for gone in ("eventid", "recipientclientid"):
        del old[gone]

    assert read(delivery(new, old)) == (Hint("n", "1"), Hint("o", "2"))


@pytest.mark.parametrize(
    "body",
    [
        delivery(event(type="com.adobe.commerce.observer.catalog_product_save_commit_after")),
        delivery(event(type="com.adobe.commerce.observer.sales_order_invoice_save_after")),
        delivery(event(type="sales_order_save_commit_after")),
        delivery(event(None)),
        with_value([]),
        with_value({"increment_id": None, "ext_order_id": "SO-1"}),
        with_value({"order": []}),
        delivery(event(data=None)),
        delivery(event(data={})),
    ],
)
def test_what_names_no_order_is_no_mistake_of_the_sender(body: bytes) -> None:
    (hint,) = read(body)

    assert hint.number == ""


@pytest.mark.parametrize("other", ["", "another", CLIENT.upper(), f"{CLIENT} "])
def test_an_event_for_another_client_is_not_for_us_also_within_a_batch(other: str) -> None:
    foreign = event(recipient_client_id=other, recipientclientid=other)

    for body in (delivery(foreign), delivery(event(), foreign)):
        with pytest.raises(NotForUsError):
            read(body)


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "cut off": delivery(event())[:-5],
    "text": b'"event"',
    "number": b"7",
    "null": b"null",
    "not UTF-8": b"\xff\xfe",
    "half a surrogate pair": rb'{"type": "\ud800"}',
    "lists in lists": b"[" * 200_000,
    "objects in objects": b'{"data":' * 100_000,
    "deep in the data": delivery(event()).replace(b'"31a86bbd"', b"[" * 100_000 + b"]" * 100_000),
    "an empty batch": b"[]",
    "an empty batch of the other form": b'{"events": []}',
    "too many events": json.dumps([event(event_id=str(n)) for n in range(MOST_EVENTS + 1)]).encode(),
    "a list within the list": b"[[]]",
    "an id that is no text": delivery(event(eventid=7)),
    "no id": delivery(event(event_id="", id="")),
    "an id with a line break": delivery(event(event_id="a\nb")),
    "an id that is too long": delivery(event(event_id="a" * 129)),
    "a number as a number": with_value({"increment_id": 123}),
    "a number with a blank": with_value({"increment_id": " 123"}),
    "a number that is too long": with_value({"increment_id": "1" * 51}),
    "a number with a control character": with_value({"increment_id": "1\u0000"}),
    "an order that is text": with_value({"order": "7"}),
    "a value that is text": with_value("7"),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_body_is_malformed_and_nothing_of_it_is_repeated(body: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        read(body)

    (problem,) = refused.value.problems
    assert problem.field in {"the body", "eventid", "data.value", "data.value.increment_id"}
    assert problem.problem
    assert not any(part in problem.problem for part in ("123", "\n", "\x00"))


def test_only_the_documented_address_of_a_validation_is_one() -> None:
    def asked(address: Any) -> str:  # Any: also what is no text
        return validation_of(json.dumps({"validationUrl": address}).encode())

    assert asked(VALIDATION) == VALIDATION
    for foreign in (
        "",
        VALIDATION.replace("https", "http"),
        VALIDATION.replace("csm.adobe.io", "csm.adobe.io.example.com"),
        VALIDATION.replace("//", "//user@"),
        VALIDATION + "\n",
        VALIDATION + "&id=../x",
        "https://169.254.169.254/latest",
    ):
        assert asked(foreign) == ""
    with pytest.raises(MalformedError):
        asked(7)
    assert validation_of(b"[]") == ""
