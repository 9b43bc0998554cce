"""Dead letters: grouped by cause, counted once, bounded, paged without moving, and never more than one may see."""

import base64

import pytest

from streams.runtime.operating.letter_closings import Closing
from streams.web import letter_index
from streams.web.letter_groups import field_of, group_id, masked, values_of
from streams.web.letter_index import CAP, IndexState, LetterIndex
from streams.web.letter_view import hex_rows
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, WITH_TOKENS, bearer, get
from tests.unit.streams.web.worlds import HOLD, NOW, SECOND, STOCK, World, letter, served

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("location 'WMS-07' of 'north'", "location 'WMS-9' of 'south'"),
        ("key b'A\\x00' is not the SKU of the record", 'key b"B" is not the SKU of the record'),
        ("5242880 bytes, at most 262144", "300000 bytes, at most 262144"),
        ("effective 301 s after it was appended", "effective 86400 s after it was appended"),
        ("north: no such source 9f8e7d6c5b4a", "north: no such source 00112233aabb"),
    ],
)
def test_messages_that_differ_in_values_only_are_one_group(one: str, other: str) -> None:
    assert masked(one) == masked(other)
    assert group_id("r", STOCK, one) == group_id("r", STOCK, other)


def test_what_the_target_refuses_at_several_sources_is_one_group() -> None:
    said = [f"{source}: Commerce has no source of this code" for source in ("WH-SOUTH", "WH-NORTH-2")]

    assert len({group_id("unknown-source", STOCK, detail) for detail in said}) == 1
    assert values_of(said[0], "unknown-source") == (("source", "WH-SOUTH"),)
    assert masked("quantity: not a number", "undecodable") == "quantity: not a number"


def test_reason_topic_and_message_keep_groups_apart() -> None:
    ids = {
        group_id("wrong-key", STOCK, "x"),
        group_id("bad-sku", STOCK, "x"),
        group_id("wrong-key", HOLD, "x"),
        group_id("wrong-key", STOCK, "y"),
    }

    assert len(ids) == 4


def test_another_schema_or_another_field_is_another_cause() -> None:
    said = ("unknown-location", STOCK, "location 'WMS-07' of 'north'")
    assert len({group_id(*said, 3), group_id(*said, 4)}) == 2

    refused = ("rejected-by-target", STOCK, 'north: "{}" is required. Enter and try again.')
    by_field = {group_id(*refused[:2], refused[2].format(field), 3) for field in ("sku", "quantity")}
    assert len(by_field) == 2
    decoded = {group_id("undecodable", STOCK, f"{field}: a text is not UTF-8", 3) for field in ("lot", "bin_code")}
    assert len(decoded) == 2


@pytest.mark.parametrize(
    "reason", ["unknown-schema", "not-framed", "too-large", "unknown-source", "rejected-by-target"]
)
def test_a_schema_that_is_no_cause_splits_no_group(reason: str) -> None:
    assert group_id(reason, STOCK, "schema id 9", 9) == group_id(reason, STOCK, "schema id 77", 77)


@pytest.mark.parametrize(
    ("reason", "detail", "field"),
    [
        ("unknown-location", "location 'WMS-07' of 'north'", "location_code"),
        ("wrong-key", "key b'A' is not the SKU of the record", "message key"),
        ("unknown-source", "WH-SOUTH: Commerce has no source of this code", "source_code"),
        ("rejected-by-target", 'north: "quantity" is required', "quantity"),
        ("undecodable", "field lot: no default", "lot"),
        ("undecodable", "serials.0: a text is not UTF-8", "serials.0"),
        ("bytes-left-over", "3 of 40 bytes are left after the record", ""),
    ],
)
def test_a_group_names_the_field_that_its_cause_lies_in(reason: str, detail: str, field: str) -> None:
    assert field_of(reason, detail) == field


def test_what_was_masked_is_named_by_the_word_before_it() -> None:
    assert values_of("location 'WMS-07' of 'north'") == (("location", "WMS-07"), ("of", "north"))


def test_how_many_stand_open_and_since_when_is_told_by_topic_and_reason_once_all_are_read() -> None:
    index = LetterIndex()
    for one in (letter(2), letter(1, detail="another message"), letter(3, reason="bad-sku")):
        index.add(one)

    assert index.depths() is None
    index.state = IndexState(known=True, building=True)
    assert index.depths() is None
    index.state = IndexState(known=True)

    assert index.depths() == {(STOCK, "unknown-location"): (2, letter(1).at), (STOCK, "bad-sku"): (1, letter(3).at)}


def test_a_letter_written_twice_counts_once() -> None:
    index = LetterIndex()
    index.add(letter(1))
    index.add(letter(1, offset=999))

    assert len(index) == 1
    assert index.groups()[0].letters == 1


def test_closed_letters_stay_to_be_looked_at_and_are_not_counted() -> None:
    index = LetterIndex()
    for number in range(3):
        index.add(letter(number))
    first, second = (letter(number) for number in range(2))
    index.close(first.id, Closing("retry-letter", NOW, "amy", "", first.place))
    index.close(second.id, Closing("supersede-letter", NOW + 1, "worker-1", "stale", None, is_mark=True))
    counted = len(index)
    index.close(second.id, Closing("edit-letter", NOW + 2, "ben", "typo", second.place))

    assert (counted, len(index)) == (2, 1)
    assert [(one.letter.id, one.closing.state) for one in index.closed()] == [
        (second.id, "superseded"),
        (first.id, "retried"),
    ]
    assert index.closed("none") == []
    over = index.closed_letter(first.id)
    assert over is not None
    assert (over.closing.actor, index.letter(first.id)) == ("amy", None)
    assert index.closed_letter(letter(2).id) is None


def test_a_letter_that_is_set_aside_anew_is_open_again() -> None:
    index = LetterIndex()
    first = letter(1)
    index.close(first.id, Closing("retry-letter", NOW, "amy", "", first.place))
    index.add(first)
    assert (len(index), [one.letter.id for one in index.closed()]) == (0, [first.id])

    index.add(letter(1, offset=999, at=NOW + SECOND))

    assert (len(index), index.closed()) == (1, [])


def test_only_the_letters_that_were_closed_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_index, "CLOSED_KEPT", 2)
    index = LetterIndex()
    for number in range(4):
        one = letter(number)
        index.add(one)
        index.close(one.id, Closing("discard-letter", NOW + number, "amy", "", one.place))

    assert [one.letter.id for one in index.closed()] == [letter(3).id, letter(2).id]


def test_beyond_the_bound_the_oldest_go_and_are_counted() -> None:
    index = LetterIndex(cap=3)
    for number in range(5):
        index.add(letter(number, reason="wrong-key" if number < 2 else "bad-sku", key=f"K{number}"))

    assert (len(index), index.left_out) == (3, 2)
    assert [group.reason for group in index.groups()] == ["bad-sku"]
    assert index.of_key("K0") == []
    assert index.letter(letter(0).id) is None


def test_the_last_hour_is_counted_by_minute() -> None:
    index = LetterIndex()
    for number, age in enumerate((7200, 3599, 61, 59, 0, -5)):
        index.add(letter(number, at=NOW - age * SECOND))

    counts = index.per_minute(None, NOW)

    assert len(counts) == 60
    assert (counts[0], counts[-2], counts[-1], sum(counts)) == (1, 1, 3, 5)


async def test_groups_say_how_many_since_when_and_what_to_do() -> None:
    async with served(scenes.busy()) as one:
        answer = await get(f"{one.url}/api/v1/dead-letters")

    assert answer.data["headline"] == "1,031 dead letters in 2 groups"
    assert (answer.data["total"], answer.data["total_is"]) == (1031, "exact")
    newest, oldest = answer.data["groups"]
    assert (newest["reason"], newest["letters"]) == ("wrong-key", 7)
    assert (oldest["title"], oldest["letters"]) == ("Unknown location", 1024)
    assert oldest["first"]["at"] == "2026-11-21T00:44:07Z"
    assert oldest["first"]["href"].startswith(f"/dead-letters/{oldest['id']}/{STOCK}-")
    assert "STREAMS_INVENTORY__LOCATIONS" in oldest["advice"]


async def test_an_empty_topic_is_said_plainly_and_an_unread_one_is_not_empty() -> None:
    async with served(scenes.calm()) as calm, served(scenes.letters_unknown()) as unknown:
        none, unread = [await get(f"{one.url}/api/v1/dead-letters") for one in (calm, unknown)]
        page = await get(f"{unknown.url}/")

    assert (none.json["state"], none.data["headline"], none.data["total"]) == ("ok", "No dead letter", 0)
    assert (unread.json["state"], unread.data["total"]) == ("unknown", None)
    assert unread.data["sentence"].startswith("The dead-letter topic cannot be read: KafkaConnectionError. We try")
    assert '<span class="n">?</span>' in page.text


async def test_older_letters_that_are_not_listed_are_said() -> None:
    world = World(letters=[letter(1)], index_state=IndexState(known=True, left_out=70_000, why=""))
    async with served(world) as one:
        answer = await get(f"{one.url}/api/v1/dead-letters")

    assert (answer.data["total_is"], answer.data["left_out"]) == ("at least", 70_000)
    assert "70,000 older letters not listed" in answer.data["sentence"]


async def test_a_filter_by_topic_can_be_cleared() -> None:
    world = World(letters=[letter(1), letter(2, origin_topic=HOLD)])
    async with served(world) as one:
        some = await get(f"{one.url}/dead-letters?topic={HOLD}")
        none = await get(f"{one.url}/api/v1/dead-letters?topic=other.v1")

    assert "Clear the filter" in some.text
    assert "1 dead letter in 1 group" in some.text
    assert none.data["headline"] == "No letter of other.v1"


async def test_pages_hold_still_while_letters_arrive() -> None:
    world = World(letters=[letter(number) for number in range(250)])
    async with served(world) as one:
        url = f"{one.url}/api/v1/dead-letters/{world.letters[0].group}"
        first = await get(url)
        for extra in range(1000, 1040):
            world.letters.append(letter(extra))
        await one.close()
    async with served(world) as two:
        url = url.replace(one.url, two.url)
        second = await get(f"{url}?after={first.data['next']}")
        third = await get(f"{url}?after={second.data['next']}")

    seen = [item["id"] for page in (first, second, third) for item in page.data["items"]]
    assert seen == [letter(number).id for number in reversed(range(250))]
    assert third.data["next"] is None


@pytest.mark.parametrize("limit", ["1000000000", "0", "-1", "x", "٣"])
async def test_a_page_never_holds_more_than_a_hundred(limit: str) -> None:
    world = World(letters=[letter(number) for number in range(150)])
    async with served(world) as one:
        answer = await get(f"{one.url}/api/v1/dead-letters/{world.letters[0].group}?limit={limit}")

    assert answer.status == 200
    assert 1 <= len(answer.data["items"]) <= 100


@pytest.mark.parametrize("after", ["x", "####", base64.urlsafe_b64encode(b'{"a":1}').decode(), "A" * 5000])
async def test_a_cursor_that_is_none_of_ours_gives_the_first_page(after: str) -> None:
    world = World(letters=[letter(1)])
    async with served(world) as one:
        answer = await get(f"{one.url}/api/v1/dead-letters/{world.letters[0].group}?after={after}")

    assert len(answer.data["items"]) == 1


async def test_a_group_shows_whether_it_is_one_cause() -> None:
    async with served(scenes.busy()) as one:
        groups = (await get(f"{one.url}/api/v1/dead-letters")).data["groups"]
        answer = await get(f"{one.url}/api/v1/dead-letters/{groups[1]['id']}")

    spread = {one["field"]: one for one in answer.data["spread"]}
    assert spread["message key"]["distinct"] == 812
    assert spread["location"]["top"] == [["WMS-07", 1024]]


@pytest.mark.parametrize("path", ["none", "none/none", "{group}/none", "none/{letter}"])
async def test_what_is_not_there_is_named(path: str) -> None:
    world = World(letters=[letter(1)])
    asked = path.format(group=world.letters[0].group, letter=world.letters[0].id)
    async with served(world) as one:
        page, data = await get(f"{one.url}/dead-letters/{asked}"), await get(f"{one.url}/api/v1/dead-letters/{asked}")

    assert page.status == data.status == 404
    assert "All dead letters" in page.text


async def test_the_content_of_a_letter_is_for_operators() -> None:
    world = World(letters=[letter(1)])
    one_letter = world.letters[0]
    path = f"/api/v1/dead-letters/{one_letter.group}/{one_letter.id}"
    async with served(world, WITH_TOKENS) as one:
        read = await get(one.url + path, bearer(READ))
        operate = await get(one.url + path, bearer(OPERATE))

    assert read.data["withheld"] == "Needs the role operate: a letter's content is not for read."
    assert (read.data["bytes_hex"], read.data["headers"], read.data["decoded"]["fields"]) == ([], [], [])
    assert read.data["letter"]["detail"] == "location 'WMS-07' of 'wms-north'"
    assert operate.data["withheld"] == ""
    assert ["quantity", "-1"] in operate.data["decoded"]["fields"]
    assert operate.data["bytes_hex"][0]["text"] == ".....Hello .. by"
    assert operate.data["sha256"]


async def test_bytes_that_cannot_be_decoded_are_shown_as_they_are() -> None:
    world = World(letters=[letter(1, origin_topic=HOLD)], letter_bytes=b"<script>alert(1)</script>" * 400)
    one_letter = world.letters[0]
    async with served(world, WITH_TOKENS) as one:
        path = f"/dead-letters/{one_letter.group}/{one_letter.id}"
        page, data = await get(one.url + path, bearer(OPERATE)), await get(f"{one.url}/api/v1{path}", bearer(OPERATE))

    assert data.data["decoded"]["error"] == f"no schema is known for the topic {HOLD}"
    assert (len(data.data["bytes_hex"]), data.data["bytes_left_out"]) == (256, 10_000 - 4096)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;al" in page.text


async def test_a_topic_that_can_name_people_shows_neither_key_nor_message() -> None:
    person = letter(
        1, origin_topic="commerce.customer.v1", detail="mail 'canary@example.org'", key="canary@example.org"
    )
    async with served(World(letters=[person]), WITH_TOKENS) as one:
        answers = [
            await get(one.url + path, bearer(OPERATE))
            for path in (
                "/",
                "/dead-letters",
                f"/dead-letters/{person.group}",
                f"/api/v1/dead-letters/{person.group}",
                "/status",
            )
        ]

    assert all(answer.status == 200 for answer in answers)
    assert all("canary" not in answer.text for answer in answers)


async def test_fifty_thousand_letters_are_answered_from_memory() -> None:
    """Sizes, not speed: the page stays small whatever lies behind it."""
    world = World(letters=[letter(number, key=f"SKU-{number % 9000}") for number in range(CAP + 10)])
    async with served(world) as one:
        page = await get(f"{one.url}/dead-letters")
        group = await get(f"{one.url}/dead-letters/{world.letters[0].group}")
        overview = await get(f"{one.url}/")

    assert "50,000" in page.text
    assert "10 older letters not listed" in page.text
    assert max(len(answer.text) for answer in (page, group, overview)) < 200_000


def test_a_hex_dump_tells_place_bytes_and_text() -> None:
    rows = hex_rows(bytes(range(40)))

    assert [row.at for row in rows] == ["0000", "0010", "0020"]
    assert rows[2].hex == "20 21 22 23 24 25 26 27"
    assert rows[2].text == " !\"#$%&'"


async def test_a_letter_whose_bytes_left_the_topic_says_so() -> None:
    class Gone(World):
        async def letter(self, letter: object) -> None:
            return None

    world = Gone(letters=[letter(1)])
    path = f"/api/v1/dead-letters/{world.letters[0].group}/{world.letters[0].id}"
    async with served(world, WITH_TOKENS) as one:
        answer = await get(one.url + path, bearer(OPERATE))

    assert "could not be read within 2 s" in answer.data["withheld"]
    assert answer.status == 200
