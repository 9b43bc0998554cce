"""The body of a webhook of Adobe Commerce → the order number it names; pure.

Source: commerce-extensibility, webhooks: an observer's payload is `{"eventName", "data": {"order": {…}}}`, a plugin's
has its arguments by name, and `<fields>` can rename and choose; so the number is looked for in these places.
"""

import msgspec

from streams.sources.hints import OrderFields, first_number, malformed


class _Data(OrderFields, frozen=True):
    order: OrderFields | list[msgspec.Raw] | None = None


class _Hook(_Data, frozen=True):
    data: _Data | list[msgspec.Raw] | None = None


_HOOK = msgspec.json.Decoder(_Hook)


def number_of(body: bytes) -> str:
    """Raises MalformedError, which quotes no value."""
    try:
        hook = _HOOK.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise malformed("the body", "must be an object in JSON, with increment_id as text") from None
    except RecursionError:
        raise malformed("the body", "is nested too deep") from None
    data = hook.data if isinstance(hook.data, _Data) else None
    number = first_number((hook, hook.order, data, data.order if data else None), "increment_id")
    if not number:
        raise malformed("increment_id", "is missing; send the field order.increment_id with the webhook")
    return number
