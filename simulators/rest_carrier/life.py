"""What becomes of a parcel after it was booked; `PLAN` is what happens where nobody says otherwise."""

from collections.abc import Mapping
from types import MappingProxyType

from simulators.core.life import Life, Step, check_plan
from simulators.rest_carrier.settings import Settings

PLAN: tuple[Step, ...] = (
    Step("collect", 10),
    Step("fail", 20, 0.1),
    Step("send-back", 30, 0.02, ends=True),
    Step("deliver", 35),
)
WORDS: Mapping[str, str] = MappingProxyType(
    {"collect": "IN_TRANSIT", "fail": "DELIVERY_FAILED", "send-back": "SENT_BACK", "deliver": "DELIVERED"}
)
"""Status after each step, which is told."""


def life_of(settings: Settings) -> Life:
    """Raises ValueError for a plan with a step that nobody knows."""
    plan = PLAN if settings.life_plan is None else settings.life_plan
    check_plan(plan, frozenset(WORDS))
    return Life(plan if settings.life else (), settings.seed, settings.life_rate)
