"""How a value looks in an entity of OData V2."""

from decimal import Decimal

from simulators.sap_s4hana.contract import Schema


def quantity_text(value: Decimal) -> str:
    """Three decimals."""
    return format(value.quantize(Decimal("0.001")), "f")


def empty(schema: Schema) -> object:
    """What stands where nobody stated anything."""
    if schema.get("type") == "boolean":
        return False
    if schema.get("format") == "decimal":
        return quantity_text(Decimal(0))
    return "" if "maxLength" in schema else None


def part(some: int, of: int) -> str:
    """A none, B some, C all."""
    return "A" if not some else "C" if some == of else "B"


def day(at: float) -> str:
    """Midnight of the day, in UTC: this company's systems run in it."""
    milliseconds = int(at * 1000)
    return f"/Date({milliseconds - milliseconds % 86_400_000})/"


def time_of_day(at: float) -> str:
    """In UTC, whole seconds."""
    minutes, seconds = divmod(int(at) % 86_400, 60)
    return f"PT{minutes // 60:02d}H{minutes % 60:02d}M{seconds:02d}S"
