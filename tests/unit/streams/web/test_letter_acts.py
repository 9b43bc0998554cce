"""What people do with dead letters on the pages: once, allowed, audited by reason, and refused where it is over."""

import asyncio
import html
from typing import Any

import pytest

from streams.runtime.lookback import Place
from streams.runtime.operating.letter_closings import Closing
from streams.web.acts import ActFailedError, LettersEnded
from tests.unit.streams.web.asking import OPERATE, READ, WITH_TOKENS, Answer, bearer, get, post
from tests.unit.streams.web.worlds import NOW, SECOND, Served, World, letter, served

pytestmark = pytest.mark.anyio

LETTERS = "/api/v1/dead-letters"
WHY = {"reason": "mapped now"}


def _closing(number: int, action: str, **changes: Any) -> Closing:
    place = Place("dead-letter.v1", 0, number)
    return Closing(action, NOW - 60 * SECOND, "ben (operate)", "mapped", place, **changes)


def _world(count: int = 3, **closed: str) -> World:
    """`closed` is l1="retry-letter" and its like."""
    closings = {letter(int(name[1:])).id: _closing(int(name[1:]), action) for name, action in closed.items()}
    return World(letters=[letter(number) for number in range(count)], closings=closings)


def _path(number: int = 1) -> str:
    return f"{LETTERS}/{letter(number).group}/{letter(number).id}"


async def _act(one: Served, path: str, body: object, token: str = OPERATE, **headers: str) -> Answer:
    return await post(one.url + path, body, {**bearer(token), **headers})


@pytest.mark.parametrize("kind", ["retry", "discard"])
async def test_one_letter_is_worked_on_with_who_and_why(kind: str) -> None:
    async with served(_world(), WITH_TOKENS) as one:
        answer = await _act(one, f"{_path()}/{kind}", {"reason": " mapped now "})

    assert (answer.status, answer.data["state"], answer.data["done"]) == (202, "done", 1)
    assert one.letter_acts.done == [(kind, 1, None, "token (operate)", "mapped now")]


async def test_a_group_is_what_is_open_in_it_when_the_act_begins() -> None:
    async with served(_world(5, l2="retry-letter"), WITH_TOKENS) as one:
        answer = await _act(one, f"{LETTERS}/{letter(1).group}/retry", WHY)

    assert answer.data["total"] == 4
    assert one.letter_acts.done[0][:2] == ("retry", 4)


async def test_all_open_letters_are_sent_only_where_they_are_no_more_than_were_seen() -> None:
    async with served(_world(5), WITH_TOKENS) as one:
        more = await _act(one, f"{LETTERS}/retry", {**WHY, "letters": 4})
        done = await _act(one, f"{LETTERS}/retry", {**WHY, "letters": 5})

    assert (more.status, done.status) == (409, 202)
    assert more.json["error"].startswith("5 letters open now, 4 when you looked. Nothing was done")
    assert one.letter_acts.done == [("retry", 5, None, "token (operate)", "mapped now")]


async def test_nothing_open_is_nothing_to_retry() -> None:
    async with served(_world(1, l0="discard-letter"), WITH_TOKENS) as one:
        every = await _act(one, f"{LETTERS}/retry", {**WHY, "letters": 0})
        group = await _act(one, f"{LETTERS}/{letter(0).group}/retry", WHY)

    assert (every.status, every.json["error"]) == (409, "No letter is open.")
    assert group.status == 409
    assert one.letter_acts.done == []


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        ("retry-letter", "was retried 1 min ago by ben (operate). Nothing is sent twice. If it was set aside again"),
        ("edit-letter", "was edited 1 min ago by ben (operate). Nothing is sent twice."),
        ("supersede-letter", "was superseded 1 min ago by ben (operate). Newer state is there."),
    ],
)
@pytest.mark.parametrize("kind", ["retry", "edit", "discard"])
async def test_a_letter_that_is_over_is_refused_with_the_way_out(kind: str, closed: str, said: str) -> None:
    body = {**WHY, **({"fields": {"uom": "EA"}} if kind == "edit" else {})}
    async with served(_world(l1=closed), WITH_TOKENS) as one:
        answer = await _act(one, f"{_path()}/{kind}", body)

    assert answer.status == 409
    assert said in answer.json["error"]
    assert one.letter_acts.done == []


async def test_a_discarded_letter_can_be_retried_and_not_discarded_again() -> None:
    async with served(_world(l1="discard-letter"), WITH_TOKENS) as one:
        again = await _act(one, f"{_path()}/discard", WHY)
        undone = await _act(one, f"{_path()}/retry", WHY)

    assert (again.status, undone.status) == (409, 202)
    assert again.json["error"].endswith("Retry it to undo that.")


async def test_whoever_was_slower_learns_it_and_may_try_again() -> None:
    async with served(_world(), WITH_TOKENS) as one:
        one.letter_acts.answer = LettersEnded("amy (operate) has begun with it", 0, is_refused=True)
        refused = await _act(one, f"{_path()}/retry", {**WHY, "act": "0123456789abcdef"})
        one.letter_acts.answer = None
        again = await _act(one, f"{_path()}/retry", {**WHY, "act": "0123456789abcdef"})

    assert (refused.status, refused.data["state"], refused.data["text"]) == (
        409,
        "refused",
        "amy (operate) has begun with it",
    )
    assert (again.status, again.data["state"]) == (202, "done")


async def test_what_kafka_did_not_take_can_be_repeated() -> None:
    async with served(_world(), WITH_TOKENS) as one:
        one.letter_acts.answer = ActFailedError("Kafka did not do it. Repeating it is safe.")
        failed = await _act(one, f"{_path()}/retry", {**WHY, "act": "0123456789abcdef"})
        one.letter_acts.answer = RuntimeError("a fault of ours")
        broken = await _act(one, f"{_path()}/retry", {**WHY, "act": "0123456789abcdef"})

    assert (failed.status, failed.data["state"]) == (503, "failed")
    assert (broken.status, broken.data["text"]) == (503, "It failed; the worker's log has the cause.")


async def test_two_clicks_are_one_act_and_it_can_be_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.web.letter_api.AT_ONCE_S", 0.01)
    body = {**WHY, "act": "0123456789abcdef"}
    async with served(_world(4), WITH_TOKENS) as one:
        one.letter_acts.go = asyncio.Event()
        path = f"{LETTERS}/{letter(1).group}/retry"
        first, second = await asyncio.gather(_act(one, path, body), _act(one, path, body))
        one.letter_acts.told[0](3, 4)
        half = await get(f"{one.url}/api/v1/acts/0123456789abcdef", bearer(READ))
        one.letter_acts.go.set()
        ended = await _act(one, path, body)

    assert (first.status, first.data["state"], second.data["state"]) == (202, "running", "running")
    assert (half.data["state"], half.data["done"], half.data["total"]) == ("running", 3, 4)
    assert (ended.status, ended.data["state"], ended.data["text"]) == (202, "done", "4 sent.")
    assert len(one.letter_acts.done) == 1


# ── correct and retry ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [f"{_path()}/edit", f"{LETTERS}/{letter(1).group}/edit"])
async def test_a_correction_goes_with_the_fields_that_may_change(path: str) -> None:
    async with served(_world(), WITH_TOKENS) as one:
        answer = await _act(one, path, {**WHY, "fields": {"location_code": "DC-1", "uom": None}})

    assert answer.status == 202
    assert one.letter_acts.done[0][2] == {"location_code": "DC-1", "uom": None}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sku": "OTHER"}, "may be corrected here: location_code"),
        ({"event_id": "e-2"}, "'event_id' stays as the sender wrote it"),
        ({"source_sequence": "7"}, "stays as the sender wrote it"),
        ({"quantity": "5"}, "stays as the sender wrote it"),
        ({"<img src=x>": "1"}, "stays as the sender wrote it"),
        ({"location_code": "x" * 129}, "1 to 128 characters"),
        ({"location_code": "DC\u202e1"}, "no control characters"),
        ({}, "No field is changed"),
    ],
)
async def test_what_must_not_change_is_refused_before_anything_is_sent(fields: dict[str, str], said: str) -> None:
    async with served(_world(), WITH_TOKENS) as one:
        answer = await _act(one, f"{_path()}/edit", {**WHY, "fields": fields})

    assert answer.status == 400
    assert said in answer.json["error"]
    assert one.letter_acts.done == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"reason": "ab"}, {}, 400),
        ({**WHY, "fields": {"uom": "EA"}, "sku": "A"}, {}, 400),
        ({**WHY, "fields": {"uom": "EA"}}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({**WHY, "fields": {"uom": "EA"}}, {"Origin": "http://127.0.0.1:1"}, 403),
        ({**WHY, "fields": {"uom": "EA"}}, {"Content-Type": "text/plain"}, 415),
    ],
)
async def test_an_act_says_why_and_comes_from_our_page(body: object, headers: dict[str, str], status: int) -> None:
    async with served(_world(), WITH_TOKENS) as one:
        answer = await _act(one, f"{_path()}/edit", body, **headers)

    assert answer.status == status
    assert one.letter_acts.done == []


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_letter_shows_its_form_to_operators_alone_and_hostile_text_stays_text() -> None:
    async with served(_world(), WITH_TOKENS) as one:
        one.letter_acts.location = '"><script>alert(1)</script>'
        path = _path().removeprefix("/api/v1")
        operate = await get(one.url + path, bearer(OPERATE))
        read = await get(one.url + path, bearer(READ))

    assert f'name="location_code" value="{html.escape(one.letter_acts.location).replace("&quot;", "&#34;")}"' in (
        operate.text
    )
    assert "<script>alert" not in operate.text
    assert "Correct and retry" in operate.text
    assert 'name="location_code"' not in read.text
    assert "Needs the role <em>operate</em>" in read.text


async def test_a_record_that_can_name_people_is_corrected_without_being_shown() -> None:
    person = letter(1, origin_topic="erp.order-event.v1", detail="x", key="canary@example.org")
    async with served(World(letters=[person]), WITH_TOKENS) as one:
        page = await get(f"{one.url}/dead-letters/{person.group}/{person.id}", bearer(OPERATE))
        data = await get(f"{one.url}{LETTERS}/{person.group}/{person.id}", bearer(OPERATE))
        answer = await _act(one, f"{LETTERS}/{person.group}/{person.id}/edit", {**WHY, "fields": {"channel": "pos"}})

    assert 'name="channel" value=""' in page.text
    assert "canary" not in page.text + data.text
    assert ["channel", None] in data.data["correctable"]
    assert answer.status == 202


async def test_what_became_of_letters_stays_to_be_seen() -> None:
    world = _world(2, l0="supersede-letter", l1="edit-letter")
    group = letter(0).group
    async with served(world, WITH_TOKENS) as one:
        letters = await get(f"{one.url}/dead-letters", bearer(READ))
        whole = await get(f"{one.url}/dead-letters/{group}", bearer(READ))
        single = await get(f"{one.url}/dead-letters/{group}/{letter(0).id}", bearer(OPERATE))
        data = await get(f"{one.url}{LETTERS}/{group}/{letter(0).id}", bearer(OPERATE))

    assert all("superseded" in page.text and "edited" in page.text for page in (letters, whole))
    assert "no letter is open" in whole.text
    assert "Newer state is there: it changed nothing." in single.text
    assert "Retry …" not in single.text
    assert data.data["closed"] == {
        "state": "superseded",
        "by": "ben (operate)",
        "at": "2026-11-21T02:13:07Z",
        "why": "mapped",
    }
