"""Judges every alert from the facts of the workers, and remembers since when each one holds."""

from streams.web.alarm import Alarm
from streams.web.alert_memory import Counts, Since
from streams.web.alert_rules import RULES, Rule
from streams.web.alert_signs import Look, Sign
from streams.web.situation import Situation
from streams.web.words import MICROS


class AlertWatch:
    """`judge` is called with every new situation, one after another."""

    def __init__(self) -> None:
        self._counts, self._since = Counts(), Since()

    def judge(self, at: Situation) -> tuple[Alarm, ...]:
        """What holds now: what fires first, of these what wakes somebody, then the longest."""
        self._counts.note(at.now, at.fleet.answered)
        look = Look(at, self._counts)
        found = {_key(rule, sign): (rule, sign) for rule in RULES if rule.judge for sign in rule.judge(look)}
        since = self._since.note(at.now, {key: sign.since for key, (_, sign) in found.items()})
        alarms = [_alarm(rule, sign, since[key], at.now) for key, (rule, sign) in found.items()]
        pages = {(one.name, one.instance) for one in alarms if one.fires and one.severity == "page"}
        heard = [one for one in alarms if one.severity == "page" or (one.name, one.instance) not in pages]
        return tuple(sorted(heard, key=lambda one: (not one.fires, one.severity != "page", one.since)))


def _key(rule: Rule, sign: Sign) -> tuple[str, ...]:
    return (rule.name, rule.severity, sign.instance)


def _alarm(rule: Rule, sign: Sign, since: int, now: int) -> Alarm:
    fires = now - since >= rule.for_s * MICROS
    return Alarm(rule.name, rule.severity, rule.for_s, rule.href, sign.instance, sign.what, since, fires)
