"""docs/order-states.md: the life of an order, from the tables that the state machine reads."""

from streams.cli.doc_pages.markdown import page
from streams.domain import order_diagram


def order_states() -> str:
    return page(
        "Order states",
        "Which state an order is in follows from everything that was said of it, in whatever order it was heard.",
        f"```mermaid\n{order_diagram.mermaid()}```",
        f"## States\n\n{order_diagram.states_table()}".rstrip(),
        f"## Events\n\n{order_diagram.kinds_table()}".rstrip(),
    )
