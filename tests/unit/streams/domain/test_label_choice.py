"""Which service is booked: the cheapest that keeps the promise, else the fastest."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.models.document import Offer
from streams.domain.label_choice import DAY, chosen, is_in_time

NOON = 20_000 * DAY + DAY // 2
SLOW = Offer(service="slow", price=4, currency="USD", days=5)
FAST = Offer(service="fast", price=9, currency="USD", days=1)
VAGUE = Offer(service="vague", price=1, currency="USD")
OFFERS = st.lists(
    st.builds(
        Offer,
        service=st.sampled_from("abcdef"),
        price=st.integers(0, 20),
        currency=st.sampled_from(("EUR", "USD")),
        days=st.none() | st.integers(0, 9),
    ),
    unique_by=lambda one: one.service,
)


def choose(*offers: Offer, days: int | None = None, currency: str = "USD") -> Offer | None:
    promised_at = None if days is None else NOON + days * DAY
    return chosen(offers, currency=currency, now=NOON, promised_at=promised_at)


def test_the_cheapest_is_booked_that_arrives_by_the_promised_day() -> None:
    assert choose(SLOW, FAST, VAGUE) == VAGUE
    assert choose(SLOW, FAST, VAGUE, days=5) == SLOW
    assert choose(SLOW, FAST, VAGUE, days=4) == FAST


def test_the_promised_day_counts_and_not_its_hour() -> None:
    morning = 20_001 * DAY
    assert is_in_time(FAST, NOON, morning)
    assert not is_in_time(FAST, NOON, morning - 1)


def test_where_nothing_is_in_time_the_fastest_is_booked() -> None:
    assert choose(SLOW, FAST, VAGUE, days=0) == FAST
    assert choose(VAGUE, days=0) == VAGUE
    assert choose() is None


def test_prices_of_another_currency_are_not_compared_unless_there_are_no_others() -> None:
    euros = Offer(service="euro", price=1, currency="EUR", days=1)

    assert choose(SLOW, euros) == SLOW
    assert choose(euros, Offer(service="pound", price=0, currency="GBP")) == euros


@given(OFFERS, st.none() | st.integers(0, 9))
def test_no_comparable_offer_is_better_and_their_order_does_not_matter(offers: list[Offer], days: int | None) -> None:
    best = choose(*offers, days=days)

    assert choose(*reversed(offers), days=days) == best
    if best is None:
        assert not offers
        return
    promised_at = None if days is None else NOON + days * DAY
    same = [one for one in offers if one.currency == best.currency]
    in_time = [one for one in same if is_in_time(one, NOON, promised_at)]
    assert best.currency == "USD" or all(one.currency != "USD" for one in offers)
    if in_time:
        assert best in in_time
        assert best.price == min(one.price for one in in_time)
    elif any(one.days is not None for one in same):
        assert best.days == min(one.days for one in same if one.days is not None)
