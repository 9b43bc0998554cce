"""What fires, on what, for how long, and what to do: as Prometheus says, else as far as the workers see themselves.

No figures are never quiet: what nobody judges stands under its own heading, with the reason.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from streams.web.alarm import Alarm, runbook_of
from streams.web.alert_rules import HREFS, RULES, Rule
from streams.web.envelope import Envelope, State
from streams.web.prometheus import Firing, PromRule
from streams.web.situation import Situation
from streams.web.words import MICROS, age, count, many, moment, seconds_since, span, upper_first

STALE_S = 300.0
"""An evaluation older than this says nothing of now."""
WATCHDOG = "Watchdog"
_NAMES = tuple(dict.fromkeys(rule.name for rule in RULES))
_RULE_OF = {rule.name: rule for rule in reversed(RULES)}


class AlertLine(msgspec.Struct, frozen=True, kw_only=True):
    """One instance; `runbook_href` is empty where only its place in this project is known."""

    name: str
    severity: str
    instance: str
    state: State
    what: str
    about: str = ""
    since: datetime | None
    fires_after: str = ""
    """Of one that is pending."""
    runbook: str
    runbook_href: str
    href: str


class Unjudged(msgspec.Struct, frozen=True):
    """A rule of which nobody says whether it holds."""

    name: str
    why: str


class AlertsView(msgspec.Struct, frozen=True, kw_only=True):
    """`source` is who judged; `only_here` is what the workers see and Prometheus does not say.

    `watchdog` says whether the alert that must always fire does; None where nobody knows.
    """

    source: Literal["prometheus", "workers"]
    headline: str
    sentence: str
    watchdog: bool | None
    asked_at: datetime | None
    firing: tuple[AlertLine, ...]
    pending: tuple[AlertLine, ...]
    only_here: tuple[AlertLine, ...]
    unjudged: tuple[Unjudged, ...]
    quiet: tuple[str, ...]
    alertmanager: str


def alerts(at: Situation, runbooks: str, alertmanager: str) -> Envelope[AlertsView]:
    """`runbooks` is the address before `docs/runbooks.md`, `alertmanager` that of silences; both may be empty."""
    told, usable = at.prometheus, not why_not(at)
    own = [_own(one, at.now, runbooks) for one in at.alarms]
    if told is not None and usable:
        said = [_said(rule, one, runbooks) for rule in told.rules if rule.name in HREFS for one in rule.alerts]
        lines = sorted((one for one in said if one.name != WATCHDOG), key=_worst_first)
        unjudged = _unjudged_there(told.rules)
    else:
        lines, unjudged = own, _unjudged_here(at)
    firing, pending = _split(lines)
    named = {one.name for one in lines} | {one.name for one in unjudged} | {WATCHDOG}
    here = {one.name for one in firing}
    view = AlertsView(
        source="prometheus" if usable else "workers",
        headline=_headline(firing, usable=usable),
        sentence=_sentence(at, firing, unjudged),
        watchdog=_watchdog(told.rules) if told is not None and usable else None,
        asked_at=None if told is None else moment(told.at),
        firing=firing,
        pending=pending,
        only_here=tuple(one for one in _split(own)[0] if one.name not in here) if usable else (),
        unjudged=unjudged,
        quiet=tuple(name for name in _NAMES if name not in named),
        alertmanager=alertmanager,
    )
    return Envelope(moment(at.now), at.fleet.own.worker, _state(view), view, at.fleet.workers)


def why_not(at: Situation) -> str:
    """Why Prometheus cannot be gone by; empty where it can."""
    told = at.prometheus
    if told is None:
        return "STREAMS_WEB__PROMETHEUS_URL is not set"
    if told.why:
        return f"No word of Prometheus: {told.why}"
    ours = [rule for rule in told.rules if rule.name in HREFS]
    if not ours:
        return "Prometheus has none of our rules loaded (ops/prometheus/rules)"
    newest = max((rule.last_evaluation for rule in ours if rule.last_evaluation is not None), default=None)
    if newest is None:
        return "Prometheus has not judged its rules yet"
    behind = told.at / MICROS - newest.timestamp()
    return f"Prometheus judged its rules {age(behind)} ago, for the last time" if behind > STALE_S else ""


def number_firing(at: Situation) -> str:
    """For the heads of all pages: how many fire; `?` where Prometheus is set and cannot be gone by."""
    told = at.prometheus
    if told is not None and not why_not(at):
        rules = (rule for rule in told.rules if rule.name in HREFS and rule.name != WATCHDOG)
        number = sum(one.state == "firing" for rule in rules for one in rule.alerts)
    else:
        number = sum(one.fires for one in at.alarms)
    unsure = "" if told is None or not why_not(at) else "?"
    return count(number) if number else unsure


# ── lines ────────────────────────────────────────────────────────────────────────────────────────


def _own(one: Alarm, now: int, runbooks: str) -> AlertLine:
    left = max(0.0, one.for_s - seconds_since(one.since, now))
    return AlertLine(
        name=one.name,
        severity=one.severity,
        instance=one.instance,
        state=_weight(one.severity, fires=one.fires),
        what=upper_first(one.what),
        since=moment(one.since),
        fires_after="" if one.fires else span(float(int(left) + 1)),
        runbook=runbook_of(one.name),
        runbook_href=_address(runbooks, runbook_of(one.name)),
        href=one.href,
    )


def _said(rule: PromRule, one: Firing, runbooks: str) -> AlertLine:
    severity = one.labels.get("severity", "")
    runbook = one.annotations.get("runbook_url", "") or runbook_of(rule.name)
    labels = {name: value for name, value in one.labels.items() if name not in {"alertname", "severity", "job"}}
    return AlertLine(
        name=rule.name,
        severity=severity,
        instance=", ".join(labels.values()),
        state=_weight(severity, fires=one.state == "firing"),
        what=one.annotations.get("summary", rule.name),
        about=one.annotations.get("description", ""),
        since=one.active_at,
        fires_after="" if one.state == "firing" else f"{span(_RULE_OF[rule.name].for_s)} in all",
        runbook=runbook,
        runbook_href=_address(runbooks, runbook),
        href=HREFS[rule.name],
    )


def _weight(severity: str, *, fires: bool) -> State:
    return "stopped" if fires and severity == "page" else "attention"


def _address(runbooks: str, runbook: str) -> str:
    """Only http: what stands in an annotation is somebody else's text."""
    parts = urlsplit(runbook)
    if parts.scheme in {"http", "https"} and parts.netloc:
        return runbook
    return f"{runbooks.rstrip('/')}/{runbook}" if runbooks and not parts.scheme and not parts.netloc else ""


def _worst_first(one: AlertLine) -> tuple[bool, float]:
    return one.state != "stopped", one.since.timestamp() if one.since else 0.0


def _split(lines: Iterable[AlertLine]) -> tuple[tuple[AlertLine, ...], tuple[AlertLine, ...]]:
    told = tuple(lines)
    return tuple(one for one in told if not one.fires_after), tuple(one for one in told if one.fires_after)


# ── what nobody judges ───────────────────────────────────────────────────────────────────────────


def _unjudged_there(rules: Iterable[PromRule]) -> tuple[Unjudged, ...]:
    loaded = {rule.name: rule for rule in rules}
    found = [Unjudged(name, "is not loaded in Prometheus") for name in _NAMES if name not in loaded]
    ill = (loaded[name] for name in _NAMES if name in loaded and loaded[name].health != "ok")
    return tuple(found) + tuple(Unjudged(rule.name, rule.last_error or "was not evaluated yet") for rule in ill)


def _unjudged_here(at: Situation) -> tuple[Unjudged, ...]:
    found = [Unjudged(rule.name, rule.blind) for rule in RULES if rule.blind]
    return tuple(found) + tuple(Unjudged(rule.name, why) for rule, why in _hidden(at))


def _hidden(at: Situation) -> Iterable[tuple[Rule, str]]:
    """Rules about facts that nobody tells at the moment."""
    letters, sums = at.letters.state, at.orders
    held = {one.name for one in at.alarms}
    for rule in RULES:
        if rule.name in held or rule.judge is None:
            continue
        if rule.name == "DeadLetterAging" and (not letters.known or letters.building):
            yield rule, letters.why or "the letters are still being read"
        elif rule.href.startswith("/orders") and sums is not None and not sums.as_of and rule.name in _OF_SUMS:
            yield rule, "the orders are not counted yet"
        elif rule.name in _OF_LANE and at.lane is None:
            yield rule, "no worker that answers holds the stock lane"
        elif rule.name == "LedgerMismatch" and not at.is_accounted:
            yield rule, "a worker is missing from the sums, or a table is being rebuilt"


_OF_SUMS = frozenset(
    {"OrdersHeld", "OrdersFailing", "OrderDuplicateSuspected", "OrdersWaitForTarget", "OrderEventParkedLong"}
)
_OF_LANE = frozenset(
    {
        "StockNotApplied",
        "UnknownSkus",
        "ReconcileMissed",
        "ReconcileDrift",
        "ReservationsInconsistent",
        "CompletenessOverdue",
        "CompletenessOpen",
    }
)


# ── the first sentence ───────────────────────────────────────────────────────────────────────────


def _headline(firing: tuple[AlertLine, ...], *, usable: bool) -> str:
    number = many(len(firing), "alert") if firing else "No alert"
    fires = f"{number} fire{'' if len(firing) > 1 else 's'}"
    return fires if usable or firing else f"{fires}, as far as the workers see"


def _sentence(at: Situation, firing: tuple[AlertLine, ...], unjudged: tuple[Unjudged, ...]) -> str:
    pages = sum(one.severity == "page" for one in firing)
    weight = f"{many(pages, 'of them wakes', 'of them wake')} somebody. " if pages else ""
    silent = (
        f" {', '.join(one.id for one in at.fleet.silent)} silent: its own alerts are not seen."
        if (at.fleet.silent)
        else ""
    )
    why = why_not(at)
    if why:
        seen = len(_NAMES) - len({one.name for one in unjudged})
        return f"{weight}{why}; below is what the workers see: {seen} of {len(_NAMES)} alerts.{silent}"
    assert at.prometheus is not None
    behind = span(float(int(seconds_since(at.prometheus.at, at.now))))
    return f"{weight}As Prometheus said {behind} ago. {_WATCHDOG_SAYS[_watchdog(at.prometheus.rules)]}"


_WATCHDOG_SAYS = {
    True: "Its Watchdog fires, as it must; whether messages reach people shows where the Watchdog arrives.",
    False: "Its Watchdog does not fire: alerting itself does not work, do not rely on silence.",
}


def _watchdog(rules: Iterable[PromRule]) -> bool:
    return any(rule.name == WATCHDOG and any(one.state == "firing" for one in rule.alerts) for rule in rules)


def _state(view: AlertsView) -> State:
    lines = (*view.firing, *view.only_here)
    if lines:
        return "stopped" if any(one.state == "stopped" for one in lines) else "attention"
    return "ok" if view.watchdog and not view.unjudged else "unknown"
