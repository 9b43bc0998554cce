"""Markdown as the generated pages need it: one sentence to a line, tables with escaped cells."""

from collections.abc import Iterable, Sequence

MADE_BY = "<!-- Written by `commerce-streams docs`; change the code that it is made from, not this page. -->"


def page(title: str, *parts: str) -> str:
    """A whole page."""
    return "\n\n".join((MADE_BY, f"# {title}", *parts)) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Pipes in cells are escaped, line ends become blanks."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
