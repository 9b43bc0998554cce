"""Which pollers run, and on which connector: those that are named, else each whose connector is configured."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.core.calls import Dependencies
from connectors.core.reference_ports import ReferencePage
from connectors.core.registry import Ports
from streams.app.targets import Choice, choose_one, limits_of
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.logs import logger
from streams.settings import Settings, SettingsError
from streams.sources import erp_orders, reference, shop_orders
from streams.sources.erp_orders import ErpOrderPoller
from streams.sources.known_rows import KnownRows, topic_reader
from streams.sources.order_record import FROM_POLL, Encode
from streams.sources.poller import Poller
from streams.sources.reference import Kind, ReferencePoller, RowT
from streams.sources.shop_orders import Bounds, ShopOrderPoller, micros_of
from streams.sources.target_calls import TargetCalls
from streams.topics import POLLED

MICROS = 1_000_000
NAMES = (shop_orders.NAME, erp_orders.NAME)
"""Those that run where none is named: rows that orders are checked against may be a bridge's."""
TOPIC_OF: Mapping[str, str] = {name: topic.name for name, topic in POLLED.items()}
_LOG = logger("streams.poll")
_SETTING = {shop_orders.NAME: "STREAMS_ROLES__COMMERCE"}
_ERP_SETTING, _CRM_SETTING = "STREAMS_ORDERS__ERP", "STREAMS_ORDERS__CRM"


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
    wanted = dict.fromkeys(names or wanted_by(settings))
    if not wanted:
        raise SettingsError(
            "nothing can be polled: no connector of the shop is configured (STREAMS_CONNECTORS__ADOBE_COMMERCE__…)"
        )
    return {name: _choice(settings, name) for name in wanted}


def wanted_by(settings: Settings) -> tuple[str, ...]:
    """Those that the settings name, else those of orders whose connector is configured."""
    return tuple(settings.poll.pollers or (name for name in NAMES if _is_configured(settings, name)))


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
    gate = Gate(choice.connector.name, clock, limits_of(choice, settings), spends_reserve=False)
    dependencies = Dependencies(clock=clock, observe=gate.observe, renewed=choice.renewed)
    ports = choice.connector.open(choice.settings, dependencies)
    calls = TargetCalls(gate, clock)
    poller = _MAKERS[name](_Parts(choice, settings, clock, encode, ports, calls))
    own: Mapping[str, float] = {str(known): every for known, every in settings.poll.intervals_s.items()}
    usual = settings.poll.reference_interval_s if name in reference.KINDS else settings.poll.interval_s
    every = own.get(name, usual)
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


def _products(parts: _Parts) -> Poller:
    if parts.ports.products is None:
        raise parts.refusal("tell its items")
    return _reference(parts, reference.KINDS[reference.PRODUCTS], parts.ports.products.products)


def _prices(parts: _Parts) -> Poller:
    if parts.ports.prices is None:
        raise parts.refusal("tell its prices")
    return _reference(parts, reference.KINDS[reference.PRICES], parts.ports.prices.prices)


def _accounts(parts: _Parts) -> Poller:
    if parts.ports.accounts is None:
        raise parts.refusal("tell its accounts")
    return _reference(parts, reference.KINDS[reference.ACCOUNTS], parts.ports.accounts.accounts)


def _reference(
    parts: _Parts, kind: Kind, page: Callable[[str], Awaitable[ReferencePage[RowT]]]
) -> ReferencePoller[RowT]:
    poll = parts.settings.poll
    bounds = reference.Bounds(round(poll.reread_s * MICROS), poll.remove_at_most)
    rows = KnownRows(kind.topic, f"{FROM_POLL}{kind.poller}", topic_reader(parts.settings))
    return ReferencePoller(kind, page, parts.calls, parts.encode, parts.clock, rows=rows, bounds=bounds)


_MAKERS: Mapping[str, Callable[[_Parts], Poller]] = {
    shop_orders.NAME: _shop_orders,
    erp_orders.NAME: _erp_orders,
    reference.PRODUCTS: _products,
    reference.PRICES: _prices,
    reference.ACCOUNTS: _accounts,
}


def _is_configured(settings: Settings, name: str) -> bool:
    """Whether its connector has settings; whether it can be asked shows when it is opened."""
    return bool(_connector(settings, name)) and _connector(settings, name) in settings.connectors


def _setting(settings: Settings, name: str) -> str:
    """The name of what names its connector; accounts are the CRM's, where there is one."""
    usual = _CRM_SETTING if name == reference.ACCOUNTS and settings.orders.crm else _ERP_SETTING
    return _SETTING.get(name, usual)


def _connector(settings: Settings, name: str) -> str:
    named = {_ERP_SETTING: settings.orders.erp, _CRM_SETTING: settings.orders.crm}
    return named.get(_setting(settings, name), settings.roles.commerce)


def _choice(settings: Settings, name: str) -> Choice:
    setting = _setting(settings, name)
    if not _connector(settings, name):
        raise SettingsError(f"{setting}: is not set, and the poller {name} needs it")
    return choose_one(settings, _connector(settings, name), setting)
