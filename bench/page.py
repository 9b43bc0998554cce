"""`docs/benchmarks.md`, from the results that a person chose to keep."""

from collections.abc import Sequence

from bench.result import Figures, Result, number, rows

HEAD = """# Benchmarks

What the product does per second and core, beside what others do in the same minute on the same machine.
`make bench` measures all lines (within an hour), `make bench LINES="ingest coalesce"` a choice; it ends with 1 where a goal is missed.
One JSON object per line goes to standard output.
`make bench ARGS=--keep` puts the results into `bench/results.jsonl` and writes this page anew; `make bench ARGS=--quick` only checks the harness.

How it is measured: real Kafka; who is measured is held on one core, broker, generator and targets have the others.
Rounds are interleaved (ours, peer, peer, ours, …), each between two runs of the same fixed work; a round in which the machine changed its pace by more than a tenth is thrown away.
A ratio is taken in each round, then the median of the rounds.
A peer has an environment of its own (`bench/peers/`), reads the same records, and its counts are compared with the truth.
"""
NONE = "\nNo result is kept yet.\n"


def page(results: Sequence[Result], cores: int) -> str:
    """The whole page."""
    if not results:
        return HEAD + NONE
    return "\n".join([HEAD, _summary(results), *(_section(result) for result in results), f"Cores: {cores}.", ""])


def _summary(results: Sequence[Result]) -> str:
    table = ["| line | goal | bound | value | |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*table, *(f"| {' | '.join(row)} |" for row in rows(results)), ""])


def _section(result: Result) -> str:
    kept = f"{result.rounds.kept} rounds kept, {result.rounds.discarded} thrown away, worst drift {result.rounds.drift:.0%}"
    who = {"ours": result.ours, **result.peers}
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    lines = [
        f"## {result.line}",
        "",
        f"{result.about}.",
        "",
        *_figures(who),
        "",
        f"{result.at}; {kept}; seed {result.seed}; {result.seconds:.0f} s.",
        *(f"- {note}" for note in result.notes),
        "",
        f"Versions: {versions}.",
        "",
    ]
    return "\n".join(lines)


def _figures(who: dict[str, Figures]) -> list[str]:
    """One column for each, one row for each figure that somebody has."""
    names = list(dict.fromkeys(name for figures in who.values() for name in figures))
    head = [f"| | {' | '.join(who)} |", f"| --- |{' --- |' * len(who)}"]
    cells = [
        f"| {name} | {' | '.join(number(each[name]) if name in each else '' for each in who.values())} |" for name in names
    ]
    return [*head, *cells]
