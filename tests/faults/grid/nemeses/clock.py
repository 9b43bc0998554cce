"""Workers whose clock on the wall is wrong, and one whose clock jumps; the monotonic clock is left alone."""

import time
from io import BytesIO
from typing import Any

import fastavro

from simulators.wms.wire import FRAME_BYTES
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.faults.skewed import skew_file
from tests.processes import until

WRONG_S = 600
CLEARLY_S = 300


def wrong_clocks(run: Run) -> list[Hit]:
    """One is ten minutes ahead, one ten minutes behind; one of them jumps to the other side while it works."""
    run.live()
    for worker, offset in list(zip(run.workers, (WRONG_S, -WRONG_S), strict=True)):
        skew_file(worker.data).write_text(str(offset))
        assert worker.stop() == 0
        worker.ahead_s = offset
        run.back(worker)
        run.live()
    ahead, behind = _stamps(run)
    jumper = run.at_work()
    run.live()
    skew_file(jumper.data).write_text(str(-int(jumper.ahead_s)))
    calls = len(run.system.struck.requests())
    until(lambda: len(run.system.struck.requests()) > calls + 3, within=120, what="it goes on after the jump", step=0.5)
    run.traded()
    after = _stamps(run)
    return [
        Hit("outcomes dated by a clock 10 min ahead", max(ahead, after[0])),
        Hit("outcomes dated by a clock 10 min behind", max(behind, after[1])),
        Hit("jumps of 20 min", 1),
    ]


def _stamps(run: Run) -> tuple[int, int]:
    """Outcomes that a worker dated clearly ahead of now, and clearly before the trade began."""
    schema = fastavro.schema.load_schema("schemas/avro/outcome.v1.avsc")
    told: list[Any] = [
        fastavro.schemaless_reader(BytesIO(message.value()[FRAME_BYTES:]), schema)
        for message in run.system.read(run.system.outcomes)
    ]
    dated = [outcome["at"].timestamp() for outcome in told]
    now = time.time()  # noqa: TID251  what the others' clocks are compared with
    return sum(at > now + CLEARLY_S for at in dated), sum(at < run.begun_at - CLEARLY_S for at in dated)


ALL = (
    Nemesis(
        "N16",
        "clock skew",
        "clocks 10 min ahead and behind, and a jump",
        wrong_clocks,
        trade_s=20,
        per_s=50,
        options={"program": ("tests.faults.skewed",)},
    ),
)
