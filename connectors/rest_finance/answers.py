"""What the answers of an accounting system mean, by the contract (`openapi.json`)."""

from types import MappingProxyType

from connectors.core.problems import Problems

_PROBLEMS = Problems(
    absent="no-such-document",
    advice=MappingProxyType(
        {
            "period-closed": "the period of its date is closed; open the period, then release the order",
            "document-locked": "the document is locked and has another amount; unlock it, then release the order",
            "different-content": "the reference is booked with another kind, order, document, account or currency",
            "unknown-account": "the books know no such account; add it, or correct the order",
            "unknown-currency": "the books are not kept in this currency",
        }
    ),
)
read, refusal = _PROBLEMS.read, _PROBLEMS.refusal
