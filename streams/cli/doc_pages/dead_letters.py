"""docs/dead-letter-reasons.md: each reason, and what a person can do."""

from streams.cli.doc_pages.markdown import page
from streams.domain.reasons import ADVICE, DeadReason


def dead_letter_reasons() -> str:
    return page(
        "Dead-letter reasons",
        "A record that cannot be used is set aside in `dead-letter.v1`, its key, value and headers unchanged.\n"
        "The header `dl_reason` holds one of these words.\n"
        "`commerce-streams dead-letters show` says the same.",
        *(f"## {reason.value}\n\n{_sentences(ADVICE[reason])}" for reason in DeadReason),
    )


def _sentences(text: str) -> str:
    """One to a line."""
    return text.replace(". ", ".\n")
