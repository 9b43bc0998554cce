"""What a network can do to a connection.  Names and meanings as in toxiproxy's README; `hold` and `drop` are ours."""

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """In which direction: `up` from the client to the server."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


class Kind(StrEnum):
    LATENCY = "latency"
    """Everything arrives `delay_s` later, give or take `jitter_s`."""
    DOWN = "down"
    """Connections that stand are reset, and so is every new one."""
    BANDWIDTH = "bandwidth"
    """No more than `rate` bytes a second."""
    SLOW_CLOSE = "slow_close"
    """The end of a connection is told `delay_s` later."""
    TIMEOUT = "timeout"
    """Nothing arrives, and after `delay_s` the connection is closed; 0: not before the heal."""
    RESET_PEER = "reset_peer"
    """The connection is reset after `delay_s`."""
    SLICER = "slicer"
    """Data come in pieces of `size` bytes, `delay_s` apart."""
    LIMIT_DATA = "limit_data"
    """The connection is closed after `size` bytes."""
    HOLD = "hold"
    """Nothing arrives until the heal, then all of it, as after a cut that TCP outlives: what is late comes late."""
    DROP = "drop"
    """What is sent is lost, one way or both; with the heal the connection is reset, because its bytes have a hole."""


ENDING = (Kind.DOWN, Kind.RESET_PEER, Kind.TIMEOUT)


@dataclass(frozen=True, slots=True)
class Toxic:
    """One fault.  Seconds, bytes a second, bytes; what a kind does not name has no effect on it."""

    kind: Kind
    way: Way = Way.BOTH
    delay_s: float = 0.0
    jitter_s: float = 0.0
    rate: int = 0
    size: int = 0

    def covers(self, way: Way) -> bool:
        return self.way in {way, Way.BOTH}
