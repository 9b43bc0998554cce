"""Rules that break the vendor on purpose; the same for every simulator, set over HTTP."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

KINDS = frozenset(
    {
        "status",
        "latency",
        "hang",
        "drop-answer",
        "late-effect",
        "half-body",
        "reset",
        "expire-sessions",
        "refuse-credential",
        "outage",
    }
)
DEFAULT_DELAY_S = {"latency": 1.0, "hang": 60.0, "late-effect": 5.0}
ONCE = frozenset({"expire-sessions"})
NO_BODY = msgspec.Raw(b"null")


class Rule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One rule as it was sent.  `hang` holds the connection of a late effect open instead of closing it at once."""

    kind: str
    methods: list[str] | None = None
    path: str | None = None
    rate: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None
    status: Annotated[int, msgspec.Meta(ge=100, le=599)] = 503
    retry_after: str | None = None
    body: msgspec.Raw = NO_BODY
    content_type: str | None = None
    delay_s: Annotated[float, msgspec.Meta(ge=0)] | None = None
    hang: bool = False
    options: dict[str, object] = msgspec.field(default_factory=dict)

    @property
    def wait_s(self) -> float:
        """Seconds of this rule's delay: as stated, else what suits its kind."""
        return DEFAULT_DELAY_S.get(self.kind, 0.0) if self.delay_s is None else self.delay_s

    def raw_text(self) -> str:
        """The body as text, for an answer that is not JSON (a login page, a gateway's page)."""
        value = msgspec.json.decode(self.body, type=object)
        return value if isinstance(value, str) else bytes(self.body).decode("utf-8")

    def has_body(self) -> bool:
        return bytes(self.body) != bytes(NO_BODY)


@dataclass(slots=True)
class ActiveRule:
    """A rule with its life: an ended rule stays listed, because its hits are the proof that it bit."""

    id: int
    rule: Rule
    ends_at: float | None
    left: int | None
    pattern: re.Pattern[str] | None
    hits: int = 0

    def is_active(self, now: float) -> bool:
        return (self.left is None or self.left > 0) and (self.ends_at is None or now < self.ends_at)

    def covers(self, method: str, path: str) -> bool:
        methods = self.rule.methods
        return (methods is None or method in methods) and (self.pattern is None or bool(self.pattern.search(path)))

    def hit(self) -> None:
        self.hits += 1
        if self.left is not None:
            self.left -= 1


@dataclass(frozen=True, slots=True)
class Picked:
    """What happens to one request: seconds to wait first, then the deciding rule, if any."""

    delay_s: float = 0.0
    rule: Rule | None = None

    @property
    def name(self) -> str | None:
        if self.rule is not None:
            return self.rule.kind
        return "latency" if self.delay_s else None


NOTHING = Picked()


@dataclass(slots=True)
class FaultBook:
    """All rules, in the order in which they were set.  Latencies add up; of the rest the first that fires decides."""

    seed: int = 0
    vendor_options: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _rules: list[ActiveRule] = field(default_factory=list)
    _last_id: int = 0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def add(self, document: bytes, now: float) -> int:
        """Take one rule, answer its id.  Raises ValueError that says what is wrong with it."""
        rule = self._parse(document)
        try:
            pattern = None if rule.path is None else re.compile(rule.path)
        except re.error as problem:
            raise ValueError(f"path is not a regular expression: {problem}") from problem
        self._last_id += 1
        left = 1 if rule.times is None and rule.kind in ONCE else rule.times
        ends_at = None if rule.seconds is None else now + rule.seconds
        self._rules.append(ActiveRule(id=self._last_id, rule=rule, ends_at=ends_at, left=left, pattern=pattern))
        return self._last_id

    def pick(self, method: str, path: str, now: float) -> Picked:
        if not self._rules:
            return NOTHING
        delay_s = 0.0
        for active in self._rules:
            if not (active.is_active(now) and active.covers(method, path) and self._fires(active.rule.rate)):
                continue
            active.hit()
            if active.rule.kind != "latency":
                return Picked(delay_s, active.rule)
            delay_s += active.rule.wait_s
        return Picked(delay_s)

    def listing(self, now: float) -> list[dict[str, object]]:
        return [
            {"id": active.id, "hits": active.hits, "active": active.is_active(now), **_shown(active.rule)}
            for active in self._rules
        ]

    def remove(self, rule_id: int | None = None) -> bool:
        """Remove one rule, or all; False when there was none of that id."""
        kept = [] if rule_id is None else [active for active in self._rules if active.id != rule_id]
        found = rule_id is None or len(kept) < len(self._rules)
        self._rules = kept
        return found

    def _fires(self, rate: float) -> bool:
        return rate >= 1 or self._random.random() < rate

    def _parse(self, document: bytes) -> Rule:
        fields = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
        kind = msgspec.json.decode(fields.get("kind", b"null"), type=object)
        if not isinstance(kind, str) or (kind not in KINDS and kind not in self.vendor_options):
            raise ValueError(f"kind must be one of {', '.join(sorted(KINDS | set(self.vendor_options)))}; got {kind!r}")
        own = {name: fields.pop(name) for name in self.vendor_options.get(kind, ()) if name in fields}
        fields.pop("options", None)
        rule = msgspec.json.decode(msgspec.json.encode(fields), type=Rule)
        rule.options = {name: msgspec.json.decode(text) for name, text in own.items()}
        return rule


def _shown(rule: Rule) -> dict[str, object]:
    document = {name: getattr(rule, name) for name in rule.__struct_fields__ if name != "options"}
    if not rule.has_body():
        del document["body"]
    return {name: value for name, value in document.items() if value is not None and value is not False} | rule.options
