"""`docs/benchmarks.md`, from the results that a person chose to keep."""

from collections.abc import Mapping, Sequence

from bench.result import Figures, Result, number, rows
from bench.table import LINES

HEAD = """# Benchmarks

What the product does per second and core, beside what others do in the same minute on the same machine.

```
make bench                          # all lines, an hour and a half; exit code 1 where a goal is missed
make bench LINES="ingest coalesce"  # a choice
make bench ARGS=--quick             # checks the harness with small counts; measures nothing
make bench ARGS=--keep              # keeps the results in the repository and writes this page anew
```

One JSON object per line goes to standard output.

How it is measured:

- Real Kafka.
  Who is measured is held on one core; broker, generator and targets have the others.
- Rounds are interleaved: ours and each peer in turn, then again.
  Each round stands between two runs of the same fixed work: by that the line says in how many the machine changed its
  pace by more than a tenth.
- A ratio is taken in each round, then the median of the rounds.
- What was scaled so that all of it can be run in one go stands in the notes of its line.
- A peer has an environment of its own (`bench/peers/`, with hashes) and reads the same records.
  What it counted is compared with the truth.
"""
ORDERS = """What the lines of orders hold beside what they measure:

- `orders`: the ideal schedule, worked out from what simulators and worker are told (`bench/schedule.py`).
  Every sink works on so many orders at once, each write takes the target's delay, and sinks stand side by side.
- `orders-flood`: the same worker at the same rate of orders, in turn with the flood and without it.
  The rate of changes that was really folded is a goal of its own: a flood that did not take place slows nobody down.
- `drain`: what the targets permit, on their own journals.
  The shop permits calls a second, refuses with 429 what is too much in a window that slides, and the worker is told
  2.5 % less, as an operator would who leaves room for the network; the ERP permits calls at once.
  Calls are counted, reads too, for it is calls that a target permits; how many an order took stands beside it.
- `open-orders`: the decoded orders in a dictionary, which is the least that a consumer can hold of them.
  Where the time does not suffice for 100,000 the rest is computed from the growth so far, and its goal says so.
"""
NONE = "No result is kept yet.\n"
WHERE = """Where the time goes, and what was tried:

- `ingest`: four fifths of the CPU is the flow itself, and its profile is flat: bytes to values with their checks a
  quarter, folding a quarter, what a SKU comes to once a batch a sixth, changelog and local store a sixth, reading
  entries and telling snapshots a tenth; decoding alone is a tenth.
  What helped: the entry of a SKU is made anew once a batch and not for every record; what a hot bucket forgets is found
  in one walk from its oldest movement on; plain values on the way of every record.
  Tried and left out, for it gave less than a twentieth: larger batches.
- `idle`: consumers that follow silent topics asked the brokers ten times a second and were most of it.
  What is left is the group's own consumer, as with Faust, and a look at the gauges once a second.
- `recovery`: the look-up whether a key has a newer version is the largest part, the write with its index the next.
- `orders`: an order is 24 calls (2 at the ERP, 1 at the warehouse, 9 at the CRM, 12 at the shop), ten commands and
  their outcomes, each kept and acknowledged before the next.
  Sinks are two fifths of the worker's time, half of that HTTP; deciding and keeping is a fifth, the rest is Kafka's
  client.
  Nothing stands out.
  Tried and left out, for it gave nothing that could be measured: uvloop; waking one waiting task of a sink instead of
  all; keeping an intent beside the look that comes before its call.
- `orders-flood`: by the times of the records most of the wait lies between an order's event and its commands: events
  and outcomes of a partition are written one batch after the other, and every acknowledgement takes its turn on a busy
  loop.
  Asking no broker for more of a partition that has two batches waiting gave nothing.
- `reconcile`: the worker uses its core wholly while it compares, and live changes wait for their turn: what a row costs
  is the lever.
"""


def page(results: Sequence[Result]) -> str:
    """The whole page."""
    found = [_summary(results), *(_section(result) for result in results)] if results else [NONE]
    return "\n".join([HEAD, _lines(), ORDERS, WHERE, *found])


def _lines() -> str:
    table = ["| line | work |", "| --- | --- |"]
    return "\n".join([*table, *(f"| `{name}` | {module.ABOUT} |" for name, module in LINES.items()), ""])


def _summary(results: Sequence[Result]) -> str:
    table = ["| line | goal | bound | value | |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*table, *(f"| {' | '.join(row)} |" for row in rows(results)), ""])


def _section(result: Result) -> str:
    went = result.rounds
    rounds = f"{went.count} rounds, {went.restless} of them restless, worst drift {went.drift:.0%}"
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    lines = [
        f"## {result.line}",
        "",
        f"{result.about}.",
        "",
        *_figures({"ours": result.ours, **result.peers}),
        "",
        f"{result.at}; {rounds}; seed {result.seed}; {result.seconds:.0f} s.",
        "",
        *(f"- {note}" for note in result.notes),
        "",
        f"Versions: {versions}.",
        "",
    ]
    return "\n".join(lines)


def _figures(who: Mapping[str, Figures]) -> list[str]:
    """One column for each, one row for each figure that somebody has."""
    names = list(dict.fromkeys(name for figures in who.values() for name in figures))
    head = [f"| | {' | '.join(who)} |", f"| --- |{' --- |' * len(who)}"]
    return [*head, *(f"| {name} | {' | '.join(_cell(each, name) for each in who.values())} |" for name in names)]


def _cell(figures: Figures, name: str) -> str:
    return number(figures[name]) if name in figures else ""
