"""Which of the services that a carrier offers is booked, where the order's shipping method names none."""

from collections.abc import Iterable, Sequence

from schemas.models.document import Offer

DAY = 86_400_000_000
"""A day in microseconds."""


def chosen(offers: Sequence[Offer], *, currency: str, now: int, promised_at: int | None) -> Offer | None:
    """The cheapest that arrives by the promised date; where none does, the fastest, and the cheapest of these.

    Only offers in the order's currency are compared, or, where there are none, those in the first one by name: prices
    are not converted.  An offer without days promises nothing, so it is late for every date.  Times in µs.
    """
    comparable = _of_one_currency(offers, currency)
    in_time = [one for one in comparable if is_in_time(one, now, promised_at)]
    if in_time:
        return min(in_time, key=lambda one: (one.price, _days(one), one.service))
    return min(comparable, key=lambda one: (_days(one), one.price, one.service), default=None)


def is_in_time(offer: Offer, now: int, promised_at: int | None) -> bool:
    """Whether it arrives by the day that is promised; days are counted in full from now."""
    if promised_at is None:
        return True
    return offer.days is not None and (now + offer.days * DAY) // DAY <= promised_at // DAY


def _of_one_currency(offers: Iterable[Offer], currency: str) -> list[Offer]:
    found = {one.currency for one in offers}
    of_all = currency if currency in found else min(found, default=currency)
    return [one for one in offers if one.currency == of_all]


def _days(offer: Offer) -> float:
    return float("inf") if offer.days is None else offer.days
