"""The shop: one cheap read that proves address and credential."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

from connectors.core.errors import ConfigurationError, ConnectorError
from streams.app.diagnosis.check import Check
from streams.app.targets import choose_shop, open_shop
from streams.runtime.clock import Clock
from streams.runtime.lease import Lease
from streams.settings import Settings


def answers(settings: Settings, clock: Clock) -> Iterator[Check]:
    name = settings.roles.commerce
    try:
        asyncio.run(_ask(settings, clock))
    except ConfigurationError as error:
        advice = f"Correct STREAMS_CONNECTORS__{name.upper()}__… (address, credential, rights)."
        yield Check("target", "fail", f"{name}: {error.message}", advice)
    except ConnectorError as error:
        advice = "Workers start without it and wait; nothing is lost."
        yield Check("target", "fail", f"{name}: {error.message}", advice)
    else:
        yield Check("target", "ok", f"{name} answers and takes our credential")


async def _ask(settings: Settings, clock: Clock) -> None:
    """A read needs no lease: one that was never joined will do."""
    shop = open_shop(
        choose_shop(settings), settings, clock, Lease(clock, timedelta(seconds=settings.kafka.session_timeout_s))
    )
    try:
        await shop.port.check()
    finally:
        await shop.ports.close()
