"""Exact quantities: whole micros inside, decimals at the edges."""

from decimal import Context, Decimal

MICROS = 1_000_000
SHOP_STEP = 100
"""Commerce keeps four decimals: one step is 100 micros."""

RECORD_LIMIT = 10**12 * MICROS
"""A single statement beyond 10¹² units is a fault of the sender."""

TOTAL_LIMIT = 4 * 10**18
"""Sums beyond this do not fit the stored form (64 bits)."""

_MICRO = Decimal("0.000001")
_MOST_DIGITS = 500
"""Before the point: far beyond either limit, so that a longer number takes no time to be refused."""
_WIDE = Context(prec=_MOST_DIGITS + 10)
"""Holds every quantity exactly; the usual 28 digits would round the seventh decimal of a long one away."""


def round_down_to_shop(micros: int) -> int:
    """The greatest quantity with four decimals that is not above `micros` (never oversell by rounding)."""
    return micros // SHOP_STEP * SHOP_STEP


def to_decimal(micros: int) -> Decimal:
    """Exact decimal without trailing zeros: 190700000 is 190.7, 0 is 0."""
    whole = Decimal(micros).scaleb(-6)
    plain = whole.normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain


def from_decimal(value: Decimal) -> int:
    """Micros of a decimal; ValueError where it has more than six decimals, is not finite, or nobody can have it."""
    if not value.is_finite():
        raise ValueError(f"not a finite number: {value}")
    if value and value.adjusted() >= _MOST_DIGITS:
        raise ValueError(f"more digits than any quantity has: 1e{value.adjusted()}")
    rounded = value.quantize(_MICRO, context=_WIDE)
    if rounded != value:
        raise ValueError(f"more than six decimals: {value}")
    return int(rounded.scaleb(6, context=_WIDE))
