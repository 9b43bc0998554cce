"""Exact quantities: whole micros inside, decimals at the edges."""

from decimal import Decimal

MICROS = 1_000_000
SHOP_STEP = 100
"""Commerce keeps four decimals: one step is 100 micros."""

RECORD_LIMIT = 10**12 * MICROS
"""A single statement beyond 10¹² units is a fault of the sender."""

TOTAL_LIMIT = 4 * 10**18
"""Sums beyond this do not fit the stored form (64 bits)."""


def round_down_to_shop(micros: int) -> int:
    """The greatest quantity with four decimals that is not above `micros` (never oversell by rounding)."""
    return micros // SHOP_STEP * SHOP_STEP


def to_decimal(micros: int) -> Decimal:
    """Exact decimal without trailing zeros: 190700000 is 190.7, 0 is 0."""
    whole = Decimal(micros).scaleb(-6)
    plain = whole.normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain


def from_decimal(value: Decimal) -> int:
    """Micros of a decimal; ValueError where it has more than six decimals or is not finite."""
    if not value.is_finite():
        raise ValueError(f"not a finite number: {value}")
    micros = value.scaleb(6)
    if micros != micros.to_integral_value():
        raise ValueError(f"more than six decimals: {value}")
    return int(micros)
