"""The schema registry is away, fails, is slow, or answers with another schema, while records of new schemas come."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from confluent_kafka import Message, Producer

from simulators.wms.wire import RecordCodec, frame, schema_of, unframe
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.progress import logged, reads_again
from tests.faults.grid.run import Run
from tests.processes import call, until

ASKED_S = 60
PASSED_S = 60
OTHER_SCHEMA = {"type": "record", "name": "Weather", "fields": [{"name": "rain", "type": "double"}]}
FAULTS: Mapping[str, Mapping[str, object]] = {
    "down": {"kind": "reset"},
    "500": {"kind": "status", "status": 500},
    "slow": {"kind": "latency", "delay_s": 3},
    "silent": {"kind": "hang", "delay_s": 15},
}
"""The worker waits 10 s for an answer."""


def broken(run: Run) -> list[Hit]:
    """Every schema is asked for once, so each fault gets records of a schema that is new to every worker."""
    run.supervisor.start()
    found = [_down_at_start(run)]
    for number, (name, rule) in enumerate(FAULTS.items()):
        found.append(_unreadable_for_a_while(run, number, name, rule))
    found.append(_another_schema(run))
    return found


def _down_at_start(run: Run) -> Hit:
    door = run.system.between.door
    rule = door.fault(kind="reset")
    late = run.join()
    until(lambda: door.hits(rule) > 1, within=ASKED_S, what="a worker that starts asks the registry")
    run.live()
    assert not late.is_ready(), "ready without its schemas"
    asked = door.hits(rule)
    door.heal()
    until(late.is_ready, within=ASKED_S, what=lambda: f"it is ready, perhaps started again\n{late.log[-1500:]}")
    reads_again(run)
    return Hit("requests of a worker that starts while the registry is down", asked)


def _unreadable_for_a_while(run: Run, number: int, name: str, rule: Mapping[str, object]) -> Hit:
    """The records wait, and so does what is behind them; nothing is set aside."""
    door = run.system.between.door
    letters = len(run.system.read("dead-letter.v1"))
    schema_id, schema = _new_schema(run, number)
    fault = door.fault(path=f"schemas/ids/{schema_id}$", **rule)
    run.live()
    ends = _said_again(run, schema_id, schema)
    until(lambda: door.hits(fault) > 1, within=ASKED_S, what=f"{name}: the registry is asked")
    if name != "slow":
        until(lambda: _waits(run, schema_id), within=ASKED_S, what=f"{name}: a worker says that it waits")
    asked = door.hits(fault)
    door.heal()
    _passed(run, ends)
    assert len(run.system.read("dead-letter.v1")) == letters, f"{name}: records were set aside for the registry's fault"
    return Hit(f"requests that the registry met {name}", asked)


def _waits(run: Run, schema_id: int) -> bool:
    return logged(run, rf"registry-unavailable.*schema_id={schema_id}\b") > 0


def _another_schema(run: Run) -> Hit:
    """Records that cannot be read by it are set aside, and what comes behind them is not."""
    door = run.system.between.door
    letters = len(run.system.read("dead-letter.v1"))
    schema_id, schema = _new_schema(run, len(FAULTS))
    fault = door.fault(
        kind="status", status=200, path=f"schemas/ids/{schema_id}$", body={"schema": json.dumps(OTHER_SCHEMA)}
    )
    run.live()
    ends = _said_again(run, schema_id, schema)
    _passed(run, ends)
    aside = len(run.system.read("dead-letter.v1")) - letters
    assert aside == len(ends), f"{aside} letters for {len(ends)} records that cannot be read"
    asked = door.hits(fault)
    door.heal()
    return Hit("requests that were answered with another schema", asked)


def _new_schema(run: Run, number: int) -> tuple[int, dict[str, Any]]:
    """As a later release of the warehouse writes it."""
    schema = schema_of(run.system.topic)
    schema["fields"].append({"name": f"later_{number}", "type": "string", "default": ""})
    url = f"{run.system.registry_url}/subjects/later-release-{number}-value/versions"
    return int(call(url, method="POST", body={"schema": json.dumps(schema)})["id"]), schema


def _said_again(run: Run, schema_id: int, schema: dict[str, Any]) -> dict[int, int]:
    """The newest record of each partition once more, in the new schema: a repetition, so that the truth stays.

    Partition → the offset at which the repetition stands.
    """
    known = run.system.traffic.schema.schema_id
    log = [message for message in run.system.read(run.system.topic) if unframe(message.value())[0] == known]
    ends: dict[int, int] = {}
    plain = RecordCodec(run.system.traffic.schema.schema)
    producer = Producer({"bootstrap.servers": run.system.kafka.bootstrap, "acks": "all"})
    for message in {message.partition(): message for message in log}.values():
        record = plain.decode(unframe(message.value())[1])
        value = frame(schema_id, RecordCodec(schema).encode({**record, schema["fields"][-1]["name"]: "x"}))
        producer.produce(
            run.system.topic,
            value,
            message.key(),
            partition=message.partition(),
            headers=message.headers(),
            on_delivery=partial(_note, ends),
        )
    assert producer.flush(20) == 0
    assert ends, "no record was said again"
    return ends


def _note(ends: dict[int, int], error: object, sent: Message) -> None:
    if error is None:
        ends[sent.partition() or 0] = sent.offset() or 0


def _passed(run: Run, ends: Mapping[int, int]) -> None:
    """Each of these records is done, and one behind it."""
    until(
        lambda: all(run.system.committed(run.system.topic)[number][0] > offset + 1 for number, offset in ends.items()),
        within=PASSED_S,
        what="what waited for the registry is done, and what stood behind it",
        step=0.3,
    )


ALL = (
    Nemesis(
        "N8",
        "schema registry",
        "down at a start and in mid-run, 500, slow, silent, another schema; records of new schemas meanwhile",
        broken,
        {"fronted": True},
        trade_s=600,
        per_s=80,
        open_end=True,
        heal_s=120,
    ),
)
