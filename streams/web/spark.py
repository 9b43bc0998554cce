"""The last hour of a figure as a small line: no axis, a dashed goal, and a gap where nothing is known."""

from collections.abc import Iterator, Sequence
from html import escape

from markupsafe import Markup

W, H = 120, 28
Point = float | None


def spark(points: Sequence[Point], label: str, goal: float | None = None) -> Markup:
    """From 0 at the bottom; the label says in words what the line shows."""
    top = max((*(point for point in points if point is not None), goal or 0)) * 1.1 or 1.0
    step = W / max(1, len(points) - 1)
    gaps = "".join(_gap(first, last, step) for first, last in _gap_runs(points))
    lines = "".join(f'<polyline points="{run}"/>' for run in _runs(points, step, top))
    line = "" if goal is None else f'<line class="lim" x1="0" x2="{W}" y1="{_y(goal, top)}" y2="{_y(goal, top)}"/>'
    return Markup(  # noqa: S704  the only text in it was escaped here
        f'<svg class="spark" viewBox="0 0 {W} {H}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}">{gaps}{line}{lines}</svg>'
    )


def _gap(first: int, last: int, step: float) -> str:
    left, right = max(0.0, (first - 0.5) * step), min(float(W), (last + 0.5) * step)
    return f'<rect class="gap" x="{left:.1f}" y="0" width="{right - left:.1f}" height="{H}"/>'


def _gap_runs(points: Sequence[Point]) -> Iterator[tuple[int, int]]:
    """First and last of each stretch where nothing is known."""
    first = None
    for number, point in enumerate((*points, 0.0)):
        if point is None:
            first = number if first is None else first
        elif first is not None:
            yield first, number - 1
            first = None


def _runs(points: Sequence[Point], step: float, top: float) -> Iterator[str]:
    run: list[str] = []
    for number, point in enumerate((*points, None)):
        if point is not None:
            run.append(f"{number * step:.1f},{_y(point, top)}")
        elif run:
            yield " ".join(run if len(run) > 1 else [*run, run[0]])
            run = []


def _y(value: float, top: float) -> float:
    return round(H - 1 - (H - 3) * value / top, 1)
