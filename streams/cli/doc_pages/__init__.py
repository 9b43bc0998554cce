"""The generated pages of docs/, each a pure function of what is declared in the code: they cannot be out of date."""

from collections.abc import Callable, Mapping

from streams.cli.doc_pages.configuration import configuration
from streams.cli.doc_pages.connectors import connectors
from streams.cli.doc_pages.dead_letters import dead_letter_reasons
from streams.cli.doc_pages.metrics import metrics
from streams.cli.doc_pages.order_states import order_states
from streams.cli.doc_pages.order_words import order_words
from streams.cli.doc_pages.rights import rights
from streams.cli.doc_pages.topics import topics

PAGES: Mapping[str, Callable[[], str]] = {
    "configuration.md": configuration,
    "topics.md": topics,
    "rights.md": rights,
    "metrics.md": metrics,
    "connectors.md": connectors,
    "order-states.md": order_states,
    "order-words.md": order_words,
    "dead-letter-reasons.md": dead_letter_reasons,
}
"""Name of the file below docs/ → what makes it."""
