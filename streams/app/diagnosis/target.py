"""The targets: one cheap read of each that proves address and credential."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

from connectors.core.errors import ConfigurationError, ConnectorError
from connectors.core.registry import Ports
from streams.app.diagnosis.check import Check
from streams.app.targets import Choice, choose, open_target
from streams.runtime.clock import Clock
from streams.runtime.lease import Lease
from streams.settings import Settings


def answers(settings: Settings, clock: Clock) -> Iterator[Check]:
    """The shop, then whoever the orders go to."""
    choices = choose(settings)
    for choice in (choices.shop, *choices.orders.values()):
        yield _answer(choice, settings, clock)


def _answer(choice: Choice, settings: Settings, clock: Clock) -> Check:
    name = choice.connector.name
    try:
        asyncio.run(_ask(choice, settings, clock))
    except ConfigurationError as error:
        advice = f"Correct STREAMS_CONNECTORS__{name.upper()}__… (address, credential, rights)."
        return Check("target", "fail", f"{name}: {error.message}", advice)
    except ConnectorError as error:
        advice = "Workers start without it and wait; nothing is lost."
        return Check("target", "fail", f"{name}: {error.message}", advice)
    return Check("target", "ok", f"{name} answers and takes our credential")


async def _ask(choice: Choice, settings: Settings, clock: Clock) -> None:
    """A read needs no lease: one that was never joined will do."""
    lease = Lease(clock, timedelta(seconds=settings.kafka.session_timeout_s))
    _gate, ports = open_target(choice, settings, clock, lease)
    try:
        await _check(ports, takes_orders=bool(settings.orders.erp and settings.orders.shop))
    finally:
        await ports.close()


async def _check(ports: Ports, *, takes_orders: bool) -> None:
    """Any of its ports proves the credential; a shop's orders need rights of their own."""
    port = (
        ports.stock or ports.orders or ports.tasks or ports.crm or ports.carrier or ports.finance or ports.shop_orders
    )
    if port is not None:
        await port.check()
    if takes_orders and ports.shop_orders is not None and port is not ports.shop_orders:
        await ports.shop_orders.check()
