"""The closing of one flow over a stretch of time; times in microseconds since 1970 in UTC.

Source: schemas/avro/completeness.page.v1.avsc.
"""

import msgspec


class CompletenessPage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`page` is the whole of it in its own form, for the release that shows it; beside it what anybody may ask."""

    flow: str
    opened_at: int
    closed_at: int
    made_at: int
    by: str
    closes: bool
    entities: int
    found: int
    page: str
