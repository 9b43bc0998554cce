"""Values that must never be seen again: whatever prints one, in clear or in a common disguise, is found."""

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus


def disguises(value: str) -> frozenset[str]:
    """The value itself and as base64 (wherever it begins), in addresses, in JSON, in hexadecimal, and as a repr."""
    data = value.encode()
    shifted = (base64.b64encode(b"\0" * shift + data).decode()[4 if shift else 0 :] for shift in range(3))
    packed = {text.rstrip("=")[:-2] for text in shifted}  # the last signs depend on what follows
    written = {json.dumps(value)[1:-1], repr(value)[1:-1], ascii(value)[1:-1], quote(value, safe=""), quote_plus(value)}
    return frozenset(
        {value, *packed, *(text.replace("+", "-").replace("/", "_") for text in packed), *written, data.hex()}
    )


def seen(values: Iterable[str], text: str) -> list[str]:
    """Those of the values that stand in the text."""
    return [value for value in values if any(form in text for form in disguises(value))]
