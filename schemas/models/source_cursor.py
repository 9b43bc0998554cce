"""How far a poller has read its source; times in microseconds since 1970 in UTC.

Source: schemas/avro/source.cursor.v1.avsc.
"""

import msgspec


class SourceCursor(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`position` and `memory` are the poller's own text: nobody else reads them."""

    name: str
    position: str
    memory: str = ""
    at: int
    found: int = 0
    unexplained: int = 0
