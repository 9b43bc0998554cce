"""Puts the status pages into a worker: its facts, its acts, its dead letters."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from streams.app.acts import AppActs
from streams.app.introspection import AppIntrospection
from streams.app.letter_work import LetterWork
from streams.app.order_look import OrderLook
from streams.runtime.kafka import FOLLOW_MANY_MS, follower_maker, reader_maker
from streams.runtime.registry import HttpRegistry
from streams.settings import WebSettings
from streams.topics import AUDIT, DEAD_LETTER
from streams.web.decoding import LetterDecoder
from streams.web.install import Ports, install_web
from streams.web.letter_log import LetterLog

if TYPE_CHECKING:
    from streams.app.application import Application


def install_pages(application: "Application", now: Callable[[], WebSettings]) -> None:
    """Before the application starts; `now` has the tokens of the moment."""
    kafka, app_id = application.settings.kafka, application.settings.app_id
    follower = follower_maker(kafka, f"{app_id}-pages", wait_ms=FOLLOW_MANY_MS)
    side = application.order_side
    orders = None if side is None else OrderLook(application, tuple(side.gates))
    if orders is not None:
        application.order_sums = orders.sums
    ports = Ports(
        introspection=AppIntrospection(application, application.rules, None if orders is None else orders.sums),
        acts=AppActs(application),
        letter_acts=LetterWork(application.settings, application.rules),
        letters=LetterLog(
            follower,
            DEAD_LETTER.partitions or kafka.partitions,
            AUDIT.partitions or kafka.partitions,
            serde=application.serde,
            clock=application.clock,
            look_up=reader_maker(kafka, f"{app_id}-letters"),
        ),
        decode=LetterDecoder(HttpRegistry(application.settings.schema_registry)).decode,
        clock=application.clock,
        orders=orders,
    )
    application.letter_depths = install_web(application.faust, now, ports).depths
