"""A delivery of Adobe I/O Events → hints; pure.  Parsed before its signature is checked, and believed only after it.

Sources: Adobe I/O Events, webhooks guide (validationUrl, recipient_client_id) and FAQ (`eventid` and
`recipientclientid` replace `event_id` and `recipient_client_id`; a batch has at most 2 MB and 20 events);
commerce-extensibility, events (types `com.adobe.commerce.…`, the entity below `data.value`).  How a batch is written
the pages do not say: the list of CloudEvents' own batch form and the journal's `{"events": […]}` are both read.
"""

import re

import msgspec

from streams.sources.hints import Hint, OrderFields, first_number, is_name, malformed

MOST_EVENTS = 100
ORDER_EVENTS = (
    "observer.sales_order_save_commit_after",
    "observer.sales_order_save_after",
    "observer.sales_order_place_after",
    "observer.order_cancel_after",
    "plugin.sales.api.order_management.place",
    "plugin.magento.sales.api.order_management.place",
)
"""Of PaaS and SaaS; a parent's name may stand before them.  Shipments and invoices save their order too."""
VALIDATION = re.compile(
    r"https://csm\.adobe\.io/csm/registrations/validate\?id=[0-9a-fA-F-]{1,64}&challenge=[\w-]{1,64}"
)


class NotForUsError(Exception):
    """Its recipient is another client, or none is named."""


class _Value(OrderFields, frozen=True):
    order: OrderFields | list[msgspec.Raw] | None = None


class _Data(msgspec.Struct, frozen=True):
    value: _Value | list[msgspec.Raw] | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str = ""
    id: str = ""
    eventid: str = ""
    event_id: str = ""
    recipientclientid: str = ""
    recipient_client_id: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def name(self) -> str:
        return self.eventid or self.event_id or self.id

    @property
    def recipient(self) -> str:
        return self.recipientclientid or self.recipient_client_id


class _Body(_Event, frozen=True):
    events: tuple[_Event, ...] | None = None
    validation_url: str = msgspec.field(name="validationUrl", default="")


_Found = _Body | tuple[_Event, ...]
_BODY: msgspec.json.Decoder[_Found] = msgspec.json.Decoder(_Found)
_DATA: msgspec.json.Decoder[_Data | None] = msgspec.json.Decoder(_Data | None)


def validation_of(body: bytes) -> str:
    """Adobe's address that confirms a registration, where the body is that and of the documented form; else ""."""
    found = _decoded(body)
    address = found.validation_url if isinstance(found, _Body) else ""
    return address if VALIDATION.fullmatch(address) else ""


def hints_of(body: bytes, client_id: str) -> tuple[Hint, ...]:
    """One for each event, in order.  Raises NotForUsError, and MalformedError, which quotes no value."""
    events = _events(_decoded(body))
    if any(one.recipient != client_id for one in events):
        raise NotForUsError
    return tuple(_hint(one) for one in events)


def _decoded(body: bytes) -> _Found:
    try:
        return _BODY.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise malformed("the body", "is no event in JSON and no list of them") from None
    except RecursionError:
        raise malformed("the body", "is nested too deep") from None


def _events(found: _Found) -> tuple[_Event, ...]:
    if isinstance(found, _Body):
        found = (found,) if found.events is None else found.events
    if not 0 < len(found) <= MOST_EVENTS:
        raise malformed("the body", f"must have 1 to {MOST_EVENTS} events")
    return found


def _hint(event: _Event) -> Hint:
    if not is_name(event.name):
        raise malformed("eventid", "must have 1 to 128 printable characters")
    return Hint(event.name, _number(event) if _is_of_an_order(event.type) else "")


def _is_of_an_order(kind: str) -> bool:
    return any(kind == name or kind.endswith(f".{name}") for name in ORDER_EVENTS)


def _number(event: _Event) -> str:
    try:
        data = _DATA.decode(event.data)
    except msgspec.DecodeError:
        raise malformed("data.value", "must be the fields of an order, with increment_id as text") from None
    value = data.value if data is not None else None
    inner = value.order if isinstance(value, _Value) else None
    stated = value if isinstance(value, _Value) else None
    return first_number((stated, inner), "data.value.increment_id")
