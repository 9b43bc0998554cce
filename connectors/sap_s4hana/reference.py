"""Our order id in SAP's field of 35 characters, and the id of a repeatable request.

A unified order id has letters, digits, `_` and `-` only.  One of up to 35 characters stands as it is.  A longer one
becomes its first 8 characters, a dot, and 130 bits of its SHA-256 in base 32: the dot is in no id, so no short id can
be taken for a long one, and two long ids differ as surely as their hashes.
"""

import base64
import hashlib

MOST = 35
_HEAD = 8
_TAIL = 26


def reference(order_id: str) -> str:
    """PurchaseOrderByCustomer of an order; the whole id stands in the order's text besides."""
    if len(order_id) <= MOST:
        return order_id
    digest = base64.b32encode(hashlib.sha256(order_id.encode()).digest()).decode()
    return f"{order_id[:_HEAD]}.{digest[:_TAIL]}"


def request_id(order_id: str, body: bytes) -> str:
    """32 hexadecimal characters, the same for the same order with the same content.

    The content is part of it because SAP answers a repeated id with the first answer: a refused order that was put
    right would be refused for ever.
    """
    return hashlib.sha256(order_id.encode() + b"\0" + body).hexdigest()[:32].upper()
