"""What the workers see of each alert's condition, from their own facts; one function per rule of Prometheus.

The limits are those of `ops/prometheus/rules`; a test holds them against that file.  Nothing here waits: for how long
a condition must hold is a matter of the table (`alert_rules.py`).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from streams.domain.order_holds import HoldReason
from streams.domain.stock_statement import WRONG
from streams.topics import COMMERCE_ORDER, DESIRED, ORDER_EVENT, STOCK_INPUTS
from streams.web.accounting import Balance, balances
from streams.web.alert_memory import CONSUMED, DEAD, STATEMENTS, Counts, Labels, labels_of
from streams.web.facts import TargetFact
from streams.web.queue_words import queue_line
from streams.web.situation import Situation, title
from streams.web.words import MICROS, count, many, moment, seconds_since, span


class Sign(NamedTuple):
    """A condition that holds now: on what, in words, and since when (µs) where the facts say so."""

    instance: str
    what: str
    since: int | None = None


class Look(NamedTuple):
    """What a rule may look at."""

    at: Situation
    counts: Counts

    def measured(self, name: str) -> Iterator[tuple[str, Labels, float]]:
        """Worker, labels, value of a gauge."""
        for facts in self.at.fleet.answered:
            for joined, value in facts.measures.get(name, {}).items():
                yield facts.worker, labels_of(joined), value

    def age(self, then: int) -> float:
        return seconds_since(then, self.at.now)


Judge = Callable[[Look], Iterator[Sign]]


def never(_look: Look) -> Iterator[Sign]:
    """Without a worker there is no page: whoever reads this has one."""
    return iter(())


def not_polling(look: Look) -> Iterator[Sign]:
    for facts in look.at.fleet.answered:
        if facts.since_poll_s is not None and facts.since_poll_s > 60:
            since = look.at.now - int((facts.since_poll_s - 60) * MICROS)
            yield Sign(facts.worker, f"{facts.worker} has fetched nothing for {span(facts.since_poll_s)}", since)


def stalled(look: Look) -> Iterator[Sign]:
    standing = look.counts.stood("committed_offset", 300)
    for _worker, labels, lag in look.measured("consumer_lag_records"):
        if lag > 0 and labels in standing:
            where = f"{labels[0]}[{labels[1]}]"
            yield Sign(where, f"{where} stands still with {many(int(lag), 'record')} behind")


def unfinished(look: Look) -> Iterator[Sign]:
    for topic in look.at.topics:
        oldest_s = look.at.intake(topic).oldest_s
        if oldest_s > 120:
            since = look.at.now - int((oldest_s - 120) * MICROS)
            yield Sign(topic, f"a record of {topic} has been unfinished for {span(oldest_s)}", since)


def not_applied(look: Look) -> Iterator[Sign]:
    oldest = None if look.at.lane is None else look.at.lane.oldest_pending_since
    if oldest is not None and look.age(oldest) > 300:
        yield Sign("stock", f"the shop shows stock that is {span(look.age(oldest))} old", oldest + 300 * MICROS)


def paused(look: Look) -> Iterator[Sign]:
    for topic in look.at.topics:
        if look.at.intake(topic).paused:
            order = look.at.order(f"intake/{topic}")
            since = None if order is None else order.at
            yield Sign(topic, f"intake of {topic} is paused until a person says so", since)


def mismatch(look: Look) -> Iterator[Sign]:
    at = look.at
    if not at.is_accounted:
        return
    idle = at.lane is not None and not at.lane.pending and not at.intake(DESIRED.name).lag
    for topic, one in _balanced(at).items():
        stuck = one.in_flight > 0 and idle and topic in _BY_LANE
        off = one.unaccounted or (one.in_flight if one.in_flight < 0 or stuck else 0)
        if off:
            yield Sign(topic, f"the sums of {topic} are off by {many(abs(off), 'record')}")


_BY_LANE = frozenset(topic.name for topic in STOCK_INPUTS[:2])


def _balanced(at: Situation) -> Mapping[str, Balance]:
    found: dict[str, Balance] = {}
    for facts in at.fleet.answered:
        for topic, one in balances(facts.accounted, facts.lane_accounted).items():
            before = found.get(topic, Balance(0, 0))
            found[topic] = Balance(before.unaccounted + one.unaccounted, before.in_flight + one.in_flight)
    return found


# ── targets ──────────────────────────────────────────────────────────────────────────────────────


def _targets(look: Look) -> Iterator[TargetFact]:
    found = (*((look.at.target,) if look.at.target else ()), *(one.target for one in look.at.order_sinks))
    yield from {one.name: one for one in reversed(found)}.values()


def refused(look: Look) -> Iterator[Sign]:
    for one in _targets(look):
        if one.state == "needs-operator":
            yield Sign(
                one.name, f"{title(one.name)} refuses our credential; nothing is sent, nothing is lost", one.since
            )


def away(look: Look) -> Iterator[Sign]:
    for one in _targets(look):
        if one.state in {"open", "trying"}:
            yield Sign(one.name, f"{title(one.name)} has not answered; changes wait ({one.why})", one.since)


def _calls(look: Look, seconds: float) -> Mapping[str, Mapping[tuple[str, str], float]]:
    """Target → (operation, code) → calls of that time."""
    found: dict[str, dict[tuple[str, str], float]] = {}
    for (target, operation, code), calls in look.counts.grown("target_requests_total", seconds).items():
        found.setdefault(target, {})[operation, code] = calls
    return found


def _share(look: Look, seconds: float, bad: Callable[[str], bool], words: str) -> Iterator[Sign]:
    for target, calls in _calls(look, seconds).items():
        wrong = sum(number for (_operation, code), number in calls.items() if bad(code))
        total = sum(calls.values())
        if total and wrong / total > 0.1:
            share = f"{wrong / total:.0%} of {many(round(total), 'call')} to {title(target)}"
            yield Sign(target, f"{share} in {span(seconds)} {words}")


def failing(look: Look) -> Iterator[Sign]:
    return _share(look, 600, lambda code: code.startswith("5") or code[:1].isupper(), "failed")


def throttled(look: Look) -> Iterator[Sign]:
    return _share(look, 900, lambda code: code == "429", "were answered with 429")


def no_token(look: Look) -> Iterator[Sign]:
    for target, calls in _calls(look, 900).items():
        asked = {code: number for (operation, code), number in calls.items() if operation == "sign-in" and number}
        if asked and not any(code.startswith("2") for code in asked):
            yield Sign(target, f"{title(target)} has given no new token for a quarter of an hour")


def unknown_skus(look: Look) -> Iterator[Sign]:
    lane, target = look.at.lane, look.at.target
    if lane is not None and target is not None and lane.unknown_skus:
        number = many(len(lane.unknown_skus), "SKU")
        yield Sign(target.name, f"{number} written to {title(target.name)} not in its catalogue")


# ── letters and words ────────────────────────────────────────────────────────────────────────────

_STOCK = frozenset({*(topic.name for topic in STOCK_INPUTS), DESIRED.name})


def letters_of_stock(look: Look) -> Iterator[Sign]:
    read = look.counts.grown(CONSUMED, 600)
    dead: dict[str, float] = {}
    for (topic, _reason), letters in look.counts.grown(DEAD, 600).items():
        dead[topic] = dead.get(topic, 0) + letters
    for topic, letters in dead.items():
        if topic in _STOCK and letters > 0.001 * read.get((topic,), 0):
            number = many(round(letters), "record")
            yield Sign(topic, f"{number} of {topic} set aside in 10 min, more than one in a thousand")


def letters_of_orders(look: Look) -> Iterator[Sign]:
    for (topic, reason), letters in look.counts.grown(DEAD, 600).items():
        if topic not in _STOCK and letters > 0:
            yield Sign(f"{topic}, {reason}", f"{many(round(letters), 'record')} of {topic} set aside: {reason}")


def old_letters(look: Look) -> Iterator[Sign]:
    oldest: dict[str, float] = {}
    for group in look.at.letters.groups:
        oldest[group.topic] = max(oldest.get(group.topic, 0.0), look.age(group.first.at))
    for topic, age_s in oldest.items():
        if age_s > 86_400:
            since = look.at.now - int((age_s - 86_400) * MICROS)
            yield Sign(topic, f"a dead letter of {topic} has waited {span(age_s)} for a person", since)


def no_schema(look: Look) -> Iterator[Sign]:
    for (topic,), records in look.counts.grown("schema_unknown_total", 600).items():
        if records > 0:
            number = many(round(records), "record")
            yield Sign(topic, f"{number} of {topic} name a schema that the registry does not know")


def unknown_words(look: Look) -> Iterator[Sign]:
    heard: dict[str, set[str]] = {}
    for one in (word for facts in look.at.fleet.answered for word in facts.unknown_words):
        heard.setdefault(one.topic, set()).add(one.word)
    for topic, words in heard.items():
        yield Sign(topic, f"{many(len(words), 'word')} on {topic} in no table; their meaning is missing from orders")


# ── orders ───────────────────────────────────────────────────────────────────────────────────────


def held(look: Look) -> Iterator[Sign]:
    sums = look.at.orders
    for reason, long, since in _overdue(look, {} if sums is None else sums.oldest_by_reason, 3600):
        yield Sign(reason, f"an order has waited {long} for a decision: {reason}", since)


def refused_commands(look: Look) -> Iterator[Sign]:
    dead = {
        role: commands
        for (role, outcome), commands in look.counts.grown("order_commands_total", 600).items()
        if outcome == "dead" and commands > 0
    }
    for role, commands in dead.items():
        yield Sign(role, f"{role} refused {many(round(commands), 'command')} of orders for good")
    reasons = {} if dead or look.at.orders is None else look.at.orders.reasons
    for reason in sorted(_REFUSED & reasons.keys()):
        if reasons[reason]:
            yield Sign(reason, f"{many(reasons[reason], 'refused order')} nobody decided about: {reason}")


_REFUSED = {one.value for one in (HoldReason.REJECTED, HoldReason.COMMAND_FAILED, HoldReason.REFUSED_BESIDE)}
_WAY_OF_GOODS = ("erp", "wms")


def failing_orders(look: Look) -> Iterator[Sign]:
    failing = {} if look.at.orders is None else look.at.orders.failing
    ended = look.counts.grown("order_commands_total", 1800)
    for role in _WAY_OF_GOODS:
        waiting = failing.get(role, 0)
        bad = waiting + sum(ended.get((role, outcome), 0) for outcome in ("dead", "held"))
        total = waiting + sum(number for (one, _outcome), number in ended.items() if one == role)
        if bad >= 3 and bad / total > 0.05:
            yield Sign(role, f"{bad / total:.0%} of the orders for {role} fail: {count(round(bad))}")


def not_taken(look: Look) -> Iterator[Sign]:
    lag = look.counts.told("consumer_lag_records", 900)
    before = {key: offset + lag.get(key, 0) for key, offset in look.counts.told("committed_offset", 900).items()}
    now = look.counts.told("committed_offset", 0)
    for (topic, partition), end in before.items():
        left = end - now.get((topic, partition), end)
        if topic in _OF_ORDERS and left > 0:
            where = f"{topic}[{partition}]"
            yield Sign(where, f"{many(round(left), 'record')} of {where} waited 15 min and was not taken")


_OF_ORDERS = frozenset({COMMERCE_ORDER.name, ORDER_EVENT.name})


def doubled(look: Look) -> Iterator[Sign]:
    number = 0 if look.at.orders is None else look.at.orders.reasons.get(HoldReason.DUPLICATE_SUSPECTED.value, 0)
    if number:
        yield Sign("", f"{many(number, 'order')} with two documents at a target; held")


def unanswered(look: Look) -> Iterator[Sign]:
    sums = look.at.orders
    for role, long, since in _overdue(look, {} if sums is None else sums.oldest_waiting_at, 900):
        yield Sign(role, f"{role} has left a command of an order unanswered for {long}", since)


def cut_offs(look: Look) -> Iterator[Sign]:
    for one in look.at.order_sinks:
        late = sum(due.orders for due in queue_line(one, look.at.now).will_miss or ())
        if late:
            yield Sign(one.sink, f"{many(late, 'order')} will miss their cut-off at {one.sink}")


def _overdue(look: Look, oldest: Mapping[str, int], limit_s: int) -> Iterator[tuple[str, str, int]]:
    """What waits for longer than that: its name, for how long, and since when (µs) that is too long."""
    for name, begun in oldest.items():
        if look.age(begun) > limit_s:
            yield name, span(look.age(begun)), begun + limit_s * MICROS


def parked_long(look: Look) -> Iterator[Sign]:
    sums = look.at.orders
    half_s = 0.5 * max((set_ for _worker, _labels, set_ in look.measured("order_patience_seconds")), default=0.0)
    for kind, until in sums.oldest_parked_until.items() if sums is not None else ():
        left_s = (until - look.at.now) / MICROS
        if left_s < half_s:
            rest = f"for a person in {span(left_s)}" if left_s > 0 else "and is for a person now"
            since = until - int(half_s * MICROS)
            yield Sign(kind, f"{kind} of an order still waits for the step before it, {rest}", since)


# ── machine and group ────────────────────────────────────────────────────────────────────────────


def disk_below(limit: float) -> Judge:
    def judge(look: Look) -> Iterator[Sign]:
        for worker, _labels, free in look.measured("data_dir_free_bytes"):
            if free < limit:
                yield Sign(worker, f"{worker} has {free / 1024**2:,.0f} MiB left on the disk of its tables")

    return judge


def certificate_within(days: int) -> Judge:
    def judge(look: Look) -> Iterator[Sign]:
        ends: dict[str, float] = {}
        for _worker, (file,), end in look.measured("certificate_expiry_timestamp_seconds"):
            ends[file] = min(end, ends.get(file, end))
        for file, end in ends.items():
            left_s = end - look.at.now / MICROS
            if left_s < days * 86_400:
                yield Sign(file, f"a certificate of {file} {_ending(end, left_s)}")

    return judge


def _ending(end: float, left_s: float) -> str:
    if end <= 0:
        return "cannot be read"
    return f"ends in {span(left_s)}" if left_s > 0 else f"ended on {moment(int(end * MICROS)):%Y-%m-%d}"


def assignments(look: Look) -> Iterator[Sign]:
    number = sum(look.counts.grown("rebalances_total", 600).values())
    if number > 20:
        yield Sign("", f"{count(round(number))} assignments in ten minutes: workers come and go")


def rebuilt(look: Look) -> Iterator[Sign]:
    for (table,), times in look.counts.grown("store_rebuilds_total", 3600).items():
        if times > 0:
            yield Sign(table, f"a worker threw its copy of {table} away and rebuilt it")


# ── reconciliation ───────────────────────────────────────────────────────────────────────────────


def no_proof(look: Look) -> Iterator[Sign]:
    last: dict[str, float] = {}
    for _worker, (scope,), at in look.measured("reconcile_last_success_timestamp_seconds"):
        last[scope] = max(at, last.get(scope, 0.0))
    for _worker, (scope,), every in look.measured("reconcile_interval_seconds"):
        behind_s = look.at.now / MICROS - last[scope] if scope in last else 0.0
        if behind_s > 2 * every:
            what = f"no {scope} reconciliation has come to its end for {span(behind_s)}"
            yield Sign(scope, what, int((last[scope] + 2 * every) * MICROS))


def drift(look: Look) -> Iterator[Sign]:
    for _worker, (scope, kind), pairs in look.measured("reconcile_drift_items"):
        if pairs > 0:
            yield Sign(f"{kind}, {scope} run", f"{many(int(pairs), 'pair')} differ at the shop, not repaired: {kind}")


def reserved_wrong(look: Look) -> Iterator[Sign]:
    for _worker, (kind,), pairs in look.measured("reservation_inconsistencies"):
        if pairs > 0:
            yield Sign(kind, f"reservations of {many(int(pairs), 'pair')} of stock and SKU are wrong: {kind}")


LATE_S = 7200
"""So long a daily page may take, or come late."""


def not_closed_for_long(look: Look) -> Iterator[Sign]:
    last: dict[str, float] = {}
    for _worker, (flow,), at in look.measured("completeness_page_timestamp_seconds"):
        last[flow] = max(at, last.get(flow, 0.0))
    for _worker, (flow,), every in look.measured("completeness_interval_seconds"):
        behind_s = look.at.now / MICROS - last[flow] if flow in last else 0.0
        if behind_s > every + LATE_S:
            what = f"the day of {flow} is not closed: the newest page is {span(behind_s)} old"
            yield Sign(flow, what, int((last[flow] + every + LATE_S) * MICROS))


def does_not_close(look: Look) -> Iterator[Sign]:
    for _worker, (flow,), things in look.measured("completeness_findings"):
        if things > 0:
            yield Sign(flow, f"the newest page of {flow} does not close: {many(int(things), 'thing')}")


def differing(look: Look) -> Iterator[Sign]:
    grown = look.counts.grown(STATEMENTS, 3600)
    number = sum(value for (finding,), value in grown.items() if finding in WRONG)
    if number > 0:
        yield Sign("", f"{many(round(number), 'statement')} of warehouses differed from the ledger within the hour")
