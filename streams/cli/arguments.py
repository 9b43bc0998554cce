"""Arguments that several commands take, checked while they are parsed."""

import re

import click

from streams.runtime.clock import SystemClock
from streams.runtime.lookback import Place
from streams.runtime.operating import places


class MomentType(click.ParamType):
    """A time, or an age: microseconds since 1970."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return places.moment_of(str(value), SystemClock().micros())
        except ValueError as error:
            self.fail(str(error), param, ctx)


class PlaceType(click.ParamType):
    """TOPIC-PARTITION-OFFSET."""

    name = "record"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        if isinstance(value, Place):
            return value
        try:
            return places.place_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class AgeType(click.ParamType):
    """How long: microseconds."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not (isinstance(value, str) and _AGE.fullmatch(value)):
            self.fail(f"{value!r} is not an age like 90s, 10m, 2h, 3d", param, ctx)
        return -places.moment_of(value, 0)


_AGE = re.compile(r"[0-9]{1,6}[smhd]")
MOMENT, PLACE, AGE = MomentType(), PlaceType(), AgeType()
