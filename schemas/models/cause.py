"""The record behind another one, so that every value can be traced back to what was said."""

import msgspec


class Cause(msgspec.Struct, frozen=True, gc=False):
    """Where the record lies."""

    topic: str
    partition: int
    offset: int
