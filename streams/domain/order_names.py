"""Which order a system means: the unified id where it carries that, else the channel's number.

A text is a unified order id only where it begins with a channel that is known: `SO-1000` and `100001234-1` have the
form of one, and are numbers of an ERP and of a shop.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from streams.domain.order_id import is_unified, unified_id

NAMED_AT_MOST = 80
"""Characters of an id that stand in a letter's detail."""

SHOP_NUMBERS = r"[A-Za-z]*\d+(-\d+)*"
"""Order numbers of Adobe Commerce: a prefix, digits, and `-1` where the order was edited."""


@dataclass(frozen=True)
class KnownOrders:
    """`channels` whose orders systems speak of; `shop` is the one whose numbers come without their channel.

    `sources` are those that get tasks of ours: a task is named `<order id>-<source>`, or `<order id>-<source>.2`.
    `numbers` is how the shop's numbers look where an id of ours could stand as well: so that the id of a channel that
    is not known is taken for no number.
    """

    channels: frozenset[str] = frozenset({"commerce"})
    shop: str = "commerce"
    sources: frozenset[str] = frozenset()
    numbers: str = SHOP_NUMBERS

    def __post_init__(self) -> None:
        """Raises ValueError for a channel that no order can be named by."""
        self.heads  # noqa: B018  worked out now

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """How the ids of these channels begin."""
        return tuple(sorted(unified_id(channel, "1").removesuffix("1") for channel in self.channels))

    @cached_property
    def _part(self) -> re.Pattern[str] | None:
        if not self.sources:
            return None
        longest_first = sorted(self.sources, key=lambda source: (-len(source), source))
        return re.compile(rf"-(?:{'|'.join(map(re.escape, longest_first))})(?:\.\d+)?\Z")

    def id_in(self, text: str | None) -> str | None:
        """The unified order id that a text is, or that the id of a task of ours begins with."""
        if not text:
            return None
        of_task = text if self._part is None else self._part.sub("", text)
        return next((one for one in (of_task, text) if self._is_id(one)), None)

    def _is_id(self, text: str) -> bool:
        return is_unified(text) and any(text.startswith(head) and text != head for head in self.heads)

    def id_of_either(self, text: str | None) -> str | None:
        """Of a text that is an id, or a number of the shop."""
        found = self.id_in(text)
        if found is not None or text is None or re.fullmatch(self.numbers, text) is None:
            return found
        return self.id_of_number(text)

    def id_of_number(self, number: str | None, channel: str | None = None) -> str | None:
        """The unified order id of a channel's number; None where there is no number, or no channel of that name."""
        if not number or (channel or self.shop) not in self.channels:
            return None
        return unified_id(channel or self.shop, number)


def named(**ids: str | None) -> str:
    """What a record named instead of an order that we know."""
    told = (f"{name} {text[:NAMED_AT_MOST]!r}" for name, text in ids.items() if text)
    return ", ".join(told) or "no id at all"
