"""The order as its books need it: who pays and how much, and nothing that only the goods or the people need.

Commands to the accounting system are kept for ever, so they hold no name, address, mail or line.
"""

import msgspec

from schemas.models.order import Address, Customer, Order


def books_of(order: Order) -> Order:
    """The order without people, places and goods; totals stay as its channel states them."""
    customer = order.customer
    return msgspec.structs.replace(
        order,
        customer=Customer(
            customer_id=customer.customer_id,
            company_id=customer.company_id,
            account_code=customer.account_code,
            cost_centre=customer.cost_centre,
        ),
        contacts=(),
        billing=Address(),
        shipping=None,
        lines=(),
        instructions=None,
        extras={},
    )
