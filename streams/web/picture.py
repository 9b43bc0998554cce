"""The picture of the flow as inline SVG: a pure function of nodes and edges, with a fixed place for everything.

Every text in it is escaped and cut to its box; colours come from classes, geometry stands in attributes, so that the
page's content security policy needs no exception.
"""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from streams.web.stages import COLUMNS, Edge, Node
from streams.web.words import visible

X = (0, 196, 438, 662, 934)
WIDTH = (150, 196, 178, 226, 186)
BOX, GAP, TOP = 66, 14, 30
VIEW = 1120
PER_CHARACTER, PER_BOLD = 7.2, 8.0
"""Pixels, measured with the widest of the fonts that the style sheet names."""
BESIDE_ICON = 24
_CLASS = {"ok": "ok", "attention": "warn", "stopped": "bad", "unknown": "unknown"}
_WORD = {"ok": "works", "attention": "needs attention", "stopped": "stopped", "unknown": "not known"}
Place = tuple[float, float, int]


def picture(stages: Sequence[Node], ways: Sequence[Edge]) -> Markup:
    """Drawn from 60 rem on; below that and in print the list stands in for it."""
    rows = max((sum(node.column == column for node in stages) for column in range(len(COLUMNS))), default=1)
    height = TOP + rows * (BOX + GAP) + 4
    places = _places(stages, rows)
    heads = "".join(f'<text class="col" x="{X[n]}" y="14">{escape(name)}</text>' for n, name in enumerate(COLUMNS))
    drawn = (
        "".join(_edge(edge, places) for edge in ways) + heads + "".join(_node(one, places[one.id]) for one in stages)
    )
    label = "What flows where. The same as a list stands below on small screens and in print."
    return Markup(  # noqa: S704  every text in it was escaped here
        f'<svg class="pic" viewBox="-2 0 {VIEW + 4} {height}" role="group" aria-label="{label}">{drawn}</svg>'
    )


def _places(stages: Sequence[Node], rows: int) -> dict[str, Place]:
    """Left, top and width of each box; a column with fewer boxes stands in the middle."""
    found: dict[str, Place] = {}
    for column in range(len(COLUMNS)):
        members = [node for node in stages if node.column == column]
        above = (rows - len(members)) * (BOX + GAP) / 2
        for row, node in enumerate(members):
            found[node.id] = (X[column], TOP + above + row * (BOX + GAP), WIDTH[column])
    return found


def _edge(edge: Edge, places: dict[str, Place]) -> str:
    left, right = places[edge.start], places[edge.end]
    x1, y1 = left[0] + left[2], left[1] + BOX / 2
    x2, y2 = right[0], right[1] + BOX / 2
    middle = (x1 + x2) / 2
    return (
        f'<path class="e w{edge.width} {_CLASS[edge.state]}" '
        f'd="M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"/>'
    )


def _node(node: Node, place: Place) -> str:
    x, y, width = place
    kind = _CLASS[node.state]
    first, second = (visible(line) for line in node.lines)
    name = visible(node.name)
    told = f"{name}: {_WORD[node.state]}. {first}. {second}".rstrip(". ")
    label = escape(told + ".")
    strong = kind if kind != "ok" else "m"
    return (
        f'<a href="{escape(node.href)}" aria-label="{label}">'
        f'<rect class="box {kind}" x="{x + 0.5:g}" y="{y + 0.5:g}" width="{width - 1}" height="{BOX - 1}" rx="6"/>'
        f'<use class="{kind}" href="#i-{escape(node.icon)}" x="{x + 10:g}" y="{y + 9:g}" width="15" height="15"/>'
        f'<text class="h" x="{x + 31:g}" y="{y + 21:g}">{escape(cut(name, width - BESIDE_ICON, PER_BOLD))}</text>'
        f'<text class="{strong}" x="{x + 10:g}" y="{y + 40:g}">{escape(cut(first, width, PER_CHARACTER if kind == "ok" else PER_BOLD))}</text>'
        f'<text class="m" x="{x + 10:g}" y="{y + 57:g}">{escape(cut(second, width))}</text>'
        f"<title>{label}</title></a>"
    )


def cut(text: str, width: int, per_character: float = PER_CHARACTER) -> str:
    """To what fits a box of this width; the whole text stands in its title."""
    fits = int((width - 20) / per_character)
    return text if len(text) <= fits else text[: fits - 1] + "…"
