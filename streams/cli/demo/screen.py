"""What a person sees while the demo runs, and the table at its end."""

from rich.console import Console
from rich.live import Live
from rich.table import Table

from streams.cli.demo.figures import Figures


class Screen:
    """Lines on any output; on a terminal the last one is alive."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live: Live | None = None

    def say(self, text: str) -> None:
        """A step of the preparation."""
        self.console.print(f"  {text}", style="dim", highlight=False)

    def act(self, number: int, total: int, title: str, what: str) -> None:
        self.console.print(f"[bold]{number}/{total} {title}[/bold]  {what}", highlight=False)

    def progress(self, text: str) -> None:
        """How it stands; replaces the line before on a terminal, and is left out elsewhere."""
        if not self.console.is_terminal:
            return
        if self._live is None:
            self._live = Live(console=self.console, transient=True, refresh_per_second=4)
            self._live.start()
        self._live.update(f"  {text}")

    def still(self) -> None:
        """The act is over: its live line goes."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def summary(self, figures: Figures) -> None:
        table = Table(title="What happened", show_header=False, title_justify="left")
        for name, value in _rows(figures):
            table.add_row(name, value)
        self.console.print(table)
        text = f"Commerce equals the WMS for {figures.equal:,} of {figures.pairs:,} (source, SKU) pairs"
        self.verdict(figures.is_equal, text)
        self.verdict(figures.orders.holds, str(figures.orders))
        if not figures.is_accounted_for:
            self.console.print("[red]✘[/red] some records are not accounted for", highlight=False)

    def story(self, text: str) -> None:
        """The time line of one order."""
        self.console.print("\nOne order from beginning to end (commerce-streams trace)", highlight=False)
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def verdict(self, holds: bool, text: str) -> None:  # noqa: FBT001  it is the verdict
        """One line that says whether what was to be shown is so."""
        sign = "[green]✔[/green]" if holds else "[red]✘[/red]"
        self.console.print(f"{sign} {text}", highlight=False)


def _rows(figures: Figures) -> list[tuple[str, str]]:
    told = figures.as_json()
    dead = ", ".join(f"{reason} {count}" for reason, count in sorted(figures.dead.items())) or "none"
    return [
        ("records in", f"{figures.records:,}"),
        ("  of these sent twice", f"{told['duplicates_sent']:,}"),
        ("duplicates and stale records ignored", f"{figures.accounted['ignored']:,}"),
        ("dead letters", f"{figures.dead.total():,}"),
        ("  by reason", dead),
        ("calls to Commerce", f"{figures.calls:,} (of these {figures.refused_calls:,} refused)"),
        ("rows written", f"{figures.rows:,}"),
        ("coalescing", f"{figures.coalescing:.1f} changes a row"),
        ("from change to Commerce, normal trade", _delay(told["calm_delay_p50_s"], told["calm_delay_p99_s"])),
        ("from change to Commerce, whole story", _delay(told["delay_p50_s"], told["delay_p99_s"])),
        *figures.orders.lines(),
        ("answers of the ERP that were lost", f"{figures.orders.lost_answers:,}"),
        ("salable stock compared with the model", f"{len(figures.salable)} times"),
        ("every record accounted for", "yes" if figures.is_accounted_for else "NO"),
    ]


def _delay(p50: float | None, p99: float | None) -> str:
    return "unknown" if p50 is None or p99 is None else f"p50 {p50:.2f} s, p99 {p99:.2f} s"
