"""Workers of one group that join, leave and are killed, and when each of that was over."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.gaps import Window
from bench.machine import epoch, now, wait
from bench.shop import Shop
from bench.stack import LineError, Stack
from bench.workers import Program, Worker

SETTLED_S, STEP_S, REST_S = 90.0, 0.1, 2.0
Start = Callable[[str, Shop], Program]
"""Makes a worker with a name, which writes to the shop."""


class Lost(NamedTuple):
    """A worker that is gone, or about to go, and since when."""

    program: Program
    begin: float


class Fleet:
    """One group of workers that write to a shop of their own; `start` makes one with a name."""

    def __init__(self, name: str, folder: Path, stack: Stack, group: str, start: Start) -> None:
        self.name, self.shop = name, Shop(folder, f"shop-{name}")
        self._stack, self._group, self._start = stack, group, start
        self._workers: list[Program] = []
        self._number = 0

    def join(self) -> Window:
        """Another one comes; over when partitions are shared out and every worker is ready."""
        self._number += 1
        return self.come(f"{self.name}-{self._number}")

    def come(self, name: str) -> Window:
        begin = epoch()
        self._workers.append(self._start(name, self.shop))
        return Window(begin, self._settled())

    def leave(self) -> Window:
        """The one with the lane is asked to end."""
        lost = self.lose(Program.leave)
        lost.program.finish(SETTLED_S)
        return self.done_without(lost)

    def lose(self, how: Callable[[Program], None]) -> Lost:
        """By `Program.kill` or `Program.leave`."""
        program = victim(self._workers)
        self._workers.remove(program)
        begin = epoch()
        how(program)
        return Lost(program, begin)

    def done_without(self, lost: Lost) -> Window:
        window = Window(lost.begin, self._settled())
        if isinstance(lost.program, Worker):
            lost.program.forget()
        return window

    def _settled(self) -> float:
        """When the group is at rest with everybody in it, and a little after that."""
        end = now() + SETTLED_S
        while not (self._stack.members(self._group) == len(self._workers) and all(map(_is_ready, self._workers))):
            for program in self._workers:
                if not program.running:
                    raise LineError(f"{self.name}: a worker ended\n{program.log[-2000:]}")
            if now() > end:
                raise LineError(f"{self.name}: not at rest within {SETTLED_S:.0f} s\n{self._workers[-1].log[-2000:]}")
            wait(STEP_S)
        wait(REST_S)
        return epoch()

    def end(self) -> None:
        for program in self._workers:
            program.end()
        self._workers.clear()
        self.shop.end()


def _is_ready(program: Program) -> bool:
    return not isinstance(program, Worker) or program.is_ready()


def victim(workers: Sequence[Program]) -> Program:
    """Who writes stock; the oldest where nobody says so."""
    return next((one for one in workers if isinstance(one, Worker) and one.lane), workers[0])
