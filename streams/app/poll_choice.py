"""Which pollers run, and on which connector: those that are named, else each whose connector is configured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.core.calls import Dependencies
from connectors.core.registry import Ports
from streams.app.targets import Choice, choose_one
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.logs import logger
from streams.settings import Settings, SettingsError
from streams.sources import erp_orders, shop_orders
from streams.sources.erp_orders import ErpOrderPoller
from streams.sources.order_record import Encode
from streams.sources.poller import Poller
from streams.sources.shop_orders import Bounds, ShopOrderPoller, micros_of
from streams.sources.target_calls import TargetCalls
from streams.topics import COMMERCE_ORDER, ERP_ORDER_EVENT

MICROS = 1_000_000
NAMES = (shop_orders.NAME, erp_orders.NAME)
TOPIC_OF: Mapping[str, str] = {shop_orders.NAME: COMMERCE_ORDER.name, erp_orders.NAME: ERP_ORDER_EVENT.name}
_LOG = logger("streams.poll")
_SETTING = {shop_orders.NAME: "STREAMS_ROLES__COMMERCE", erp_orders.NAME: "STREAMS_ORDERS__ERP"}


class CannotAskError(SettingsError):
    """The connector has no port for this poller."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A poller with its target open; `ports` are to be closed."""

    poller: Poller
    calls: TargetCalls
    ports: Ports
    every: timedelta


def chosen(settings: Settings, names: Sequence[str]) -> Mapping[str, Choice]:
    """Raises SettingsError where one that is wanted has no connector, or none is wanted."""
    wanted = dict.fromkeys(names or settings.poll.pollers or [name for name in NAMES if _is_configured(settings, name)])
    if not wanted:
        raise SettingsError(
            "nothing can be polled: no connector of the shop is configured (STREAMS_CONNECTORS__ADOBE_COMMERCE__…)"
        )
    return {name: _choice(settings, name) for name in wanted}


def all_opened(
    choices: Mapping[str, Choice], settings: Settings, clock: Clock, encode: Encode, *, is_named: bool
) -> list[Opened]:
    """Those that can be asked.  Raises CannotAskError where one was named, or where none is left."""
    found: list[Opened] = []
    refusal: CannotAskError | None = None
    for name, choice in choices.items():
        try:
            found.append(opened(name, choice, settings, clock, encode))
        except CannotAskError as error:
            if is_named:
                raise
            refusal = error
            _LOG.info("poller-left-out", poller=name, why=str(error))
    if refusal is not None and not found:
        raise refusal
    return found


def opened(name: str, choice: Choice, settings: Settings, clock: Clock, encode: Encode) -> Opened:
    """Makes no call.  Raises CannotAskError."""
    gate = Gate(choice.connector.name, clock, settings.sinks.calls_per_s)
    ports = choice.connector.open(choice.settings, Dependencies(clock=clock, observe=gate.observe))
    calls = TargetCalls(gate, clock)
    poller = _MAKERS[name](_Parts(choice, settings, clock, encode, ports, calls))
    own: Mapping[str, float] = {str(known): every for known, every in settings.poll.intervals_s.items()}
    every = own.get(name, settings.poll.interval_s)
    return Opened(poller, calls, ports, timedelta(seconds=every))


@dataclass(frozen=True, slots=True)
class _Parts:
    choice: Choice
    settings: Settings
    clock: Clock
    encode: Encode
    ports: Ports
    calls: TargetCalls

    def refusal(self, what: str) -> CannotAskError:
        return CannotAskError(f"{self.choice.setting}: connector {self.choice.connector.name!r} does not {what}")


def _shop_orders(parts: _Parts) -> Poller:
    if parts.ports.shop_orders is None:
        raise parts.refusal("tell which orders changed")
    poll = parts.settings.poll
    since = micros_of(poll.since) if poll.since else None
    bounds = Bounds(round(poll.overlap_s * MICROS), round(poll.gap_after_s * MICROS), since)
    return ShopOrderPoller(parts.ports.shop_orders, parts.calls, parts.encode, parts.clock, bounds)


def _erp_orders(parts: _Parts) -> Poller:
    if parts.ports.order_events is None:
        raise parts.refusal("tell what happened to orders; leave erp-orders out of STREAMS_POLL__POLLERS")
    return ErpOrderPoller(parts.ports.order_events, parts.calls, parts.encode, parts.clock)


_MAKERS: Mapping[str, Callable[[_Parts], Poller]] = {
    shop_orders.NAME: _shop_orders,
    erp_orders.NAME: _erp_orders,
}


def _is_configured(settings: Settings, name: str) -> bool:
    """Whether its connector has settings; whether it can be asked shows when it is opened."""
    return bool(_connector(settings, name)) and _connector(settings, name) in settings.connectors


def _connector(settings: Settings, name: str) -> str:
    return settings.roles.commerce if name == shop_orders.NAME else settings.orders.erp


def _choice(settings: Settings, name: str) -> Choice:
    if not _connector(settings, name):
        raise SettingsError(f"{_SETTING[name]}: is not set, and the poller {name} needs it")
    return choose_one(settings, _connector(settings, name), _SETTING[name])
