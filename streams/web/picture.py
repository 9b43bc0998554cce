"""The picture of the flow as inline SVG: a pure function of nodes and edges, with a fixed place for everything.

Every text in it is escaped and cut to its box; colours come from classes, geometry stands in attributes, so that the
page's content security policy needs no exception.
"""

import re
from collections.abc import Callable, Sequence
from html import escape

from markupsafe import Markup

from streams.web.envelope import ICONS
from streams.web.node import COLUMNS, Edge, Node
from streams.web.words import visible

X = (0, 196, 438, 662, 934)
WIDTH = (150, 196, 178, 226, 186)
BOX, GAP, TOP = 66, 14, 30
VIEW = 1120
PER_CHARACTER, PER_BOLD = 7.2, 8.0
"""Pixels, measured with the widest of the fonts that the style sheet names."""
BESIDE_ICON = 24
_WORD = {"ok": "works", "attention": "needs attention", "stopped": "stopped", "unknown": "not known"}
_BEGUN, _GOES_ON = re.compile(r"[\d.,]+$"), re.compile(r"[.,]?\d")
"""A number that a cut would leave in half."""
Place = tuple[float, float, int]


def picture(stages: Sequence[Node], ways: Sequence[Edge], link: Callable[[str], str] = str) -> Markup:
    """Drawn from 60 rem on; below that and in print the list stands in for it.  `link` keeps the zone of the page."""
    rows = max((sum(node.column == column for node in stages) for column in range(len(COLUMNS))), default=1)
    height = TOP + rows * (BOX + GAP) + 4
    places = _places(stages, rows)
    heads = "".join(f'<text class="col" x="{X[n]}" y="14">{escape(name)}</text>' for n, name in enumerate(COLUMNS))
    boxes = "".join(_node(one, places[one.id], link(one.href)) for one in stages)
    drawn = "".join(_edge(edge, places) for edge in ways) + heads + boxes
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
    """From the right of a box to the left of the next; within a column straight up or down, behind the boxes."""
    left, right = places[edge.start], places[edge.end]
    x1, y1 = left[0] + left[2], left[1] + BOX / 2
    x2, y2 = right[0], right[1] + BOX / 2
    middle = (x1 + x2) / 2
    if left[0] == right[0]:
        x1 = x2 = middle = left[0] + left[2] / 2
    return (
        f'<path class="e w{edge.width} {ICONS[edge.state]}" '
        f'd="M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"/>'
    )


def _node(node: Node, place: Place, href: str) -> str:
    """The first line is bold where something is wrong, and a bold character is wider."""
    x, y, width = place
    kind = ICONS[node.state]
    first, second = (visible(line) for line in node.lines)
    name = visible(node.name)
    told = f"{name}: {_WORD[node.state]}. {first}. {second}".rstrip(". ")
    label = escape(told + ".")
    strong, per_character = ("m", PER_CHARACTER) if kind == "ok" else (kind, PER_BOLD)
    return (
        f'<a href="{escape(href)}" aria-label="{label}">'
        f'<rect class="box {kind}" x="{x + 0.5:g}" y="{y + 0.5:g}" width="{width - 1}" height="{BOX - 1}" rx="6"/>'
        f'<use class="{kind}" href="#i-{escape(node.icon)}" x="{x + 10:g}" y="{y + 9:g}" width="15" height="15"/>'
        f'<text class="h" x="{x + 31:g}" y="{y + 21:g}">{escape(cut(name, width - BESIDE_ICON, PER_BOLD))}</text>'
        f'<text class="{strong}" x="{x + 10:g}" y="{y + 40:g}">{escape(cut(first, width, per_character))}</text>'
        f'<text class="m" x="{x + 10:g}" y="{y + 57:g}">{escape(cut(second, width))}</text>'
        f"<title>{label}</title></a>"
    )


def cut(text: str, width: int, per_character: float = PER_CHARACTER) -> str:
    """To what fits a box of this width, and never within a number; the whole text stands in its title."""
    fits = int((width - 20) / per_character)
    if len(text) <= fits:
        return text
    kept = text[: fits - 1]
    return (_BEGUN.sub("", kept) if _GOES_ON.match(text, fits - 1) else kept) + "…"
