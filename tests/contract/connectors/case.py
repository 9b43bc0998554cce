"""What the contract suite needs to know of a connector beyond its manifest."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx

from connectors.core.registry import Ports

Handler = Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True, kw_only=True)
class Use:
    """One use of a port and a target that answers it well.

    `creates`: each call makes another document, so that even a prompt 503 is of unknown outcome.
    """

    name: str
    settings: Mapping[str, object]
    effect: bool
    run: Callable[[Ports], Awaitable[object]]
    well: Handler
    creates: bool = False


@dataclass(frozen=True, kw_only=True)
class ConnectorCase:
    """`credentials` are settings of `auth` by kind, with the word canary in every secret.

    `signs_in` tells a request for a token, and `token` answers it.  `conforms` raises for a request that the vendor's
    contract does not allow.  `round_trips` takes each recording by file name through the mapping and back; it returns
    what was recorded and what came back, to be equal.
    """

    credentials: Mapping[str, Mapping[str, object]]
    uses: tuple[Use, ...]
    signs_in: Callable[[httpx.Request], bool]
    token: Handler
    conforms: Callable[[httpx.Request], None]
    round_trips: Mapping[str, Callable[[bytes], tuple[object, object]]]
