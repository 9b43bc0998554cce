"""Pages from templates: everything is escaped, times carry both zones, and texts of others pass one filter."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from html import escape
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from streams.web import words
from streams.web.accounting import OUTCOMES
from streams.web.envelope import ICONS
from streams.web.letters_view import HIDDEN
from streams.web.node import NO_RECORD
from streams.web.picture import picture
from streams.web.spark import spark


class Times:
    """Times of one page: relative in the text, both absolutes beside it, one zone for all."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self.now, self.zone = now, zone

    def ago(self, at: datetime | None) -> Markup:
        """A point: 36 min ago."""
        return self._relative(at, lasting=False)

    def lasting(self, at: datetime | None) -> Markup:
        """A span: 36 min."""
        return self._relative(at, lasting=True)

    def clock(self, at: datetime | None) -> Markup:
        """The absolute itself, for rows that are compared with a log."""
        if at is None:
            return Markup("–")
        there = at.astimezone(self.zone)
        return Markup(  # noqa: S704  escaped below
            f'<time datetime="{_iso(at)}" title="{escape(words.absolute(at, self.zone))}">'
            f"{there:%Y-%m-%d %H:%M:%S}</time>"
        )

    def _relative(self, at: datetime | None, *, lasting: bool) -> Markup:
        if at is None:
            return Markup("–")
        both = escape(words.absolute(at, self.zone))
        seconds = (self.now - at).total_seconds()
        text = words.age(seconds) if lasting else words.ago(seconds)
        kind = " data-for" if lasting else ""
        return Markup(  # noqa: S704  escaped above
            f'<time datetime="{_iso(at)}" data-rel{kind} data-abs="{both}" title="{both}">{text}</time>'
        )


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def shown(text: object, limit: int = words.SHOWN) -> Markup:
    """Text of somebody else: visible, cut, and kept from turning the words around it."""
    return Markup(f"<bdi>{escape(words.visible(str(text), limit))}</bdi>")  # noqa: S704  escaped here


def prose(text: object, limit: int = 600) -> Markup:
    """A sentence of ours with texts of others in it; what stands between backticks is code."""
    parts = words.visible(str(text), limit).split("`")
    marked = (f"<code>{escape(part)}</code>" if number % 2 else escape(part) for number, part in enumerate(parts))
    return Markup(f"<bdi>{''.join(marked)}</bdi>")  # noqa: S704  escaped here


def render(template: str, values: Mapping[str, object]) -> str:
    return _templates().get_template(template).render(values)


@cache
def _templates() -> Environment:
    """Of the process: a template is compiled once, whoever asks for it."""
    made = Environment(
        loader=PackageLoader("streams.web"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "shown": shown,
        "prose": prose,
        "count": words.count,
        "rate": words.rate,
        "upper_first": words.upper_first,
        "number": words.number,
        "plain": words.plain,
    }
    made.globals |= {
        "ICONS": ICONS,
        "picture": picture,
        "spark": spark,
        "HIDDEN": HIDDEN,
        "NO_RECORD": NO_RECORD,
        "many": words.many,
        "outcomes": OUTCOMES,
    }
    return made
