"""The command: sets the stage, plays the story, checks the result, and stays up for a look."""

import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import click
from rich.console import Console

from simulators.local_stack import StackError
from streams.cli.demo.erps import ERPS
from streams.cli.demo.figures import Figures, equal_pairs, gather
from streams.cli.demo.processes import DemoError, now, pause
from streams.cli.demo.screen import Screen
from streams.cli.demo.stage import Stage
from streams.cli.demo.story import Act, acts

HEAL_WITHIN_S = 90.0
TICK_S = 0.5
ORDERS_TICK_S = 1.5
"""Counting the orders in every system is work for each of them."""


@click.command()
@click.option("--once", is_flag=True, help="End by itself when the story is over.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
@click.option("--items", default=300, show_default=True, help="SKUs in the warehouses.")
@click.option("--seed", default=1, show_default=True, help="Seed of the traffic.")
@click.option("--erp", type=click.Choice([*ERPS]), default="netsuite", show_default=True, help="The simulated ERP.")
def demo(once: bool, json_file: Path | None, items: int, seed: int, erp: str) -> None:  # noqa: FBT001  click's own way
    """A story of three minutes on real Kafka: trade, orders, a burst, outages, a killed worker, poison.

    Exit code 1 where Commerce does not equal the WMS at its end, more or less may be sold than is there and not
    promised, or an order is missing or doubled at the ERP.

    \b
    Example: commerce-streams demo --once --json figures.json
    """  # noqa: D301  click reads \b as "keep these lines"
    screen = Screen(Console(highlight=False))
    try:
        with tempfile.TemporaryDirectory(prefix="commerce-streams-demo-") as folder:
            figures = _play(
                Path(folder), screen, stay=not once and sys.stdout.isatty(), items=items, seed=seed, erp=erp
            )
    except (DemoError, StackError) as error:
        screen.still()
        click.echo(f"commerce-streams: {error}", err=True)
        sys.exit(2)
    if json_file is not None:
        json_file.write_text(json.dumps(figures.as_json(), indent=2) + "\n")
    sys.exit(0 if figures.holds else 1)


def _play(folder: Path, screen: Screen, *, stay: bool, items: int, seed: int, erp: str) -> Figures:
    with Stage(folder, screen.say, items=items, seed=seed, erp=erp) as stage:
        story = list(acts())
        calm: list[tuple[float, float]] = []
        for number, act in enumerate(story, 1):
            screen.act(number, len(story), act.title, act.what)
            begun = _clock()
            _watched(stage, screen, act)
            if act.settles:
                screen.verdict(stage.salable[-1].holds, str(stage.salable[-1]))
            if act.calm:
                calm.append((begun, _clock()))
        screen.act(len(story), len(story), "calm", "until the shop shows what the warehouses have")
        _heal(stage, screen)
        stage.settle_salable()
        figures = gather(stage, calm)
        screen.summary(figures)
        for order_id in figures.orders.amiss[:2] or [stage.orders.longest_story]:
            screen.story(stage.story_of(order_id))
        screen.console.print()
        screen.verdict(figures.is_salable, str(figures.salable[-1]))
        if stay:
            _stay(stage, screen)
        return figures


def _watched(stage: Stage, screen: Screen, act: Act) -> None:
    """Plays the act while the screen tells how it stands."""
    failures: list[BaseException] = []

    def play() -> None:
        try:
            act.play(stage)
        except BaseException as error:  # noqa: BLE001  raised again below, in the thread that can end the demo
            failures.append(error)

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    begun = now()
    while thread.is_alive():
        thread.join(TICK_S)
        screen.progress(f"{now() - begun:4.0f} s  {stage.standing()}")
    screen.still()
    if failures:
        raise DemoError(f"{act.title}: {type(failures[0]).__name__}: {failures[0]}") from failures[0]


def _heal(stage: Stage, screen: Screen) -> None:
    """Waits until nothing is left to do; what then still differs is for the summary to say."""
    stage.wms.drain()
    begun = now()
    while now() - begun < HEAL_WITHIN_S and stage.orders.failure is None:
        equal, pairs = equal_pairs(stage)
        orders = stage.order_counts()
        pause(ORDERS_TICK_S)
        booked = f"{orders.erp.there:,} of {orders.placed:,} orders booked"
        screen.progress(f"{now() - begun:4.0f} s  {equal:,} of {pairs:,} pairs equal; {booked}; {stage.standing()}")
        if equal == pairs and stage.is_idle() and orders.holds and stage.orders.are_over:
            break
        pause(TICK_S)
    screen.still()
    for failure in (stage.orders.failure, stage.orders.warehouse.failure):
        if failure is not None:
            raise DemoError(f"orders: {type(failure).__name__}: {failure}")


def _stay(stage: Stage, screen: Screen) -> None:
    screen.console.print(f"\nThe status page: [bold]{stage.page('worker-1')}[/bold]", highlight=False)
    screen.console.print(f"Token to sign in (role operate): {stage.token}", highlight=False)
    screen.console.print("Trade goes on. Ctrl-C ends everything.", highlight=False)
    trade = threading.Thread(target=stage.trade_on, daemon=True)
    trade.start()
    try:
        while trade.is_alive():
            trade.join(TICK_S)
    except KeyboardInterrupt:
        stage.wms.stop()


def _clock() -> float:
    """Seconds since 1970: acts are compared with times in topics."""
    return time.time()  # noqa: TID251  as in processes.py
