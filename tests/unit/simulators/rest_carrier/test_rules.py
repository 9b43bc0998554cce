"""The carrier keeps the rules of the contract, and tells what becomes of its parcels."""

import json
from random import Random

import pytest

from schemas.catalogue import CARRIER_EVENT
from schemas.codec import Reader
from simulators.core.life import Step
from simulators.plain_rest.documents import read
from simulators.rest_carrier import Settings
from simulators.rest_carrier.documents import Parcel
from simulators.rest_carrier.events import record_of
from simulators.rest_carrier.life import life_of
from simulators.rest_carrier.server import main
from simulators.rest_carrier.speaking import VOICE, Disorder, Scrambler
from simulators.rest_carrier.vendor import RestCarrier
from simulators.wms.wire import RecordCodec, schema_of
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.rest_carrier.support import LINE, PARCEL, carrier


@in_loop
async def test_a_label_is_made_once_confirmed_afterwards_and_costs_what_was_offered() -> None:
    async with carrier() as system:
        question = {name: PARCEL[name] for name in ("ship_from", "ship_to")} | {"lines": [LINE, LINE]}
        _, rates = await system.call("POST", "/v1/rates", question)
        made = await system.put(lines=[LINE, LINE])
        same = await system.put(lines=[LINE, LINE])

        assert (made[0], same[0]) == (201, 200)
        assert made[1] == same[1]
        assert made[1]["tracking_number"] == "PX0000000001"
        prices = {one["service"]: one["price"] for one in rates["offers"]}
        assert prices == {"economy": "6.10", "ground": "9.75", "express": "22.75"}
        assert made[1]["price"] == prices["ground"]
        assert [entry["effect"] for entry in await system.journal()] == [False, True, False]


@in_loop
async def test_a_credential_that_may_only_read_asks_for_rates_and_books_nothing() -> None:
    async with carrier(Settings(read_only=True, undeliverable_postcodes=("62702",))) as system:
        question = {name: PARCEL[name] for name in ("ship_from", "ship_to", "lines")}

        assert (await system.put())[0] == 403
        assert (await system.call("POST", "/v1/rates", question))[0] == 200
        status, refused = await system.call("POST", "/v1/rates", question | {"ship_to": {"postcode": "62702"}})
        assert (status, refused["code"], refused["fields"]) == (422, "undeliverable", ["ship_to.postcode"])


@in_loop
async def test_each_step_is_told_once_with_the_senders_references_and_nothing_of_the_person() -> None:
    async with carrier() as system:
        await system.put()

        assert await system.live("deliver") == 409
        for what in ("collect", "fail", "deliver"):
            assert await system.live(what) == 200
        assert await system.live("send-back") == 409

        said = await system.said()
        assert [one["what"] for one in said] == ["IN_TRANSIT", "DELIVERY_FAILED", "DELIVERED"]
        assert {(one["order_reference"], one["shipment_reference"]) for one in said} == {("web-1", "T1-1")}
        assert len({one["event_id"] for one in said}) == 3
        assert "Springfield" not in str(said)


@in_loop
async def test_a_carrier_that_echoes_nothing_names_the_parcel_only() -> None:
    async with carrier(Settings(echoes=False)) as system:
        await system.put()
        await system.live("collect")

        (said,) = await system.said()
        assert (said["tracking_number"], said["order_reference"]) == ("PX0000000001", None)


def test_what_is_told_is_a_record_of_the_topic() -> None:
    system = RestCarrier(Settings(life=True, life_plan=(Step("collect", 1), Step("deliver", 2))))
    system.depot.book("r-1", read(json.dumps(PARCEL).encode(), Parcel), "1", now=0)
    happened = system.live(now=10)

    assert [one.what for one in happened] == ["collect", "deliver"]
    for record in system.said:
        body = RecordCodec(schema_of(VOICE.topic)).encode(record)
        told = Reader(CARRIER_EVENT.schema, CARRIER_EVENT.schema).read(body)
        assert told == record
    again = record_of(system.depot.parcels["r-1"], "DELIVERED", number=2, at=10, settings=system.settings)
    assert again["event_id"] == system.said[1]["event_id"]


def test_a_plan_with_an_unknown_step_and_a_speaker_without_brokers_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="explode"):
        life_of(Settings(life_plan=(Step("explode", 1),)))

    assert main(["--port", "0", "--events"]) == 2
    assert "--events needs" in capsys.readouterr().err


def test_repeats_and_wrong_order_are_the_same_for_the_same_seed() -> None:
    def run() -> list[str]:
        scrambler = Scrambler(Random(4), Disorder(duplicates=0.5, reorder=0.3))
        system = RestCarrier()
        system.depot.book("r-1", read(json.dumps(PARCEL).encode(), Parcel), "1", now=0)
        parcel = system.depot.parcels["r-1"]
        records = [record_of(parcel, "IN_TRANSIT", number=n, at=n, settings=system.settings) for n in range(9)]
        sent = [one for record in records for one in scrambler.push(record, record["effective_at"] / 1e6)]
        return [f"{one.record['event_id']}/{one.what}" for one in [*sent, *scrambler.rest()]]

    assert run() == run()
    assert {one.rpartition("/")[2] for one in run()} == {"normal", "duplicate", "reordered"}
