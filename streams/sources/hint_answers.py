"""What the routes of events and webhooks share: hints done side by side, and failures as answers."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import ceil

from streams.sources.answers import RETRY_AFTER_S, UNSIGNED, Reason, RefusedError
from streams.sources.hints import Hint
from streams.sources.json_form import MalformedError
from streams.sources.kafka_log import NotAppendedError
from streams.sources.order_completion import HintOutcome, OrderCompletion, ShopAwayError


def unsigned(told: str) -> RefusedError:
    return RefusedError(Reason.NOT_SIGNED, UNSIGNED, headers={"WWW-Authenticate": "Signature"}, told=told)


def malformed(error: MalformedError, told: str) -> RefusedError:
    sentence = "This cannot be read; correct the fields named here and send it again."
    return RefusedError(Reason.MALFORMED, sentence, fields=error.problems, told=told)


async def done(completion: OrderCompletion, source: str, hints: Sequence[Hint], cause: str) -> Counter[HintOutcome]:
    """All of them, or the refusal that has the sender come again; what was done is known then.  Raises RefusedError."""
    each = (completion.complete(source, hint, cause or hint.event_id) for hint in hints)
    found = await asyncio.gather(*each, return_exceptions=True)
    return Counter(_outcomes(found, source))


def _outcomes(found: Iterable[HintOutcome | BaseException], source: str) -> Iterable[HintOutcome]:
    for one in found:
        if not isinstance(one, BaseException):
            yield one
        elif isinstance(one, ShopAwayError):
            raise _shop_away(one, source) from None
        elif isinstance(one, NotAppendedError):
            sentence = "The order was not acknowledged by Kafka; send it again."
            raise RefusedError(Reason.NOT_APPENDED, sentence, told=f"{source}: {one}") from None
        else:
            raise one


def _shop_away(error: ShopAwayError, source: str) -> RefusedError:
    wait = error.wait or timedelta(seconds=RETRY_AFTER_S[Reason.SHOP_AWAY])
    return RefusedError(
        Reason.SHOP_AWAY,
        "The shop did not show the order; send it again later.",
        headers={"Retry-After": str(ceil(wait.total_seconds()))},
        told=f"{source}: {error}",
    )
