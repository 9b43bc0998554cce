"""The one id under which every system knows an order: `<channel>-<its order number>`.

Only letters, digits, `_` and `-`: some targets take nothing else in an external id (NetSuite parses `eid:` paths; its
documentation names this alphabet).  Two orders never share an id, so what is written otherwise is escaped, and what is
too long is cut and told apart by a digest.
"""

import hashlib
import re

ID_LIMIT = 64
"""The shortest external id field of the targets that carry it."""

CHANNEL_LIMIT = 20
DIGEST_BYTES = 16
_DIGEST_MARK = "_h"
_PLAIN = re.compile(r"[A-Za-z0-9-]")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def unified_id(channel: str, number: str) -> str:
    """The same for the same order, in every replay; plain numbers stay readable: `commerce-000000123`.

    A number's `_` and other foreign characters become `_` and the hexadecimal bytes of their UTF-8 form, so that no two
    numbers meet; a channel's `-` is escaped as well, so that no channel begins another.  Raises ValueError where either
    is empty, or the channel's escaped form is longer than CHANNEL_LIMIT.
    """
    if not channel or not number:
        raise ValueError("an order has a channel and a number")
    head = _escaped(channel).replace("-", "_2d")
    if len(head) > CHANNEL_LIMIT:
        raise ValueError(f"a channel's name has at most {CHANNEL_LIMIT} characters, escaped")
    whole = f"{head}-{_escaped(number)}"
    return whole if len(whole) <= ID_LIMIT else _cut(whole)


def is_unified(text: str) -> bool:
    """Whether the text has the form of a unified order id; not whether there is such an order."""
    return _ID.fullmatch(text) is not None and "-" in text[1:]


def _escaped(text: str) -> str:
    """Reversible: `_` is always followed by two hexadecimal digits of a byte."""
    return "".join(one if _PLAIN.fullmatch(one) else _hexadecimal(one) for one in text)


def _hexadecimal(character: str) -> str:
    return "".join(f"_{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


def _cut(whole: str) -> str:
    """A readable head and a digest; `_h` begins no escape, so a cut id never equals one that was not cut."""
    digest = hashlib.blake2b(whole.encode(), digest_size=DIGEST_BYTES).hexdigest()
    return f"{whole[: ID_LIMIT - len(_DIGEST_MARK) - len(digest)]}{_DIGEST_MARK}{digest}"
