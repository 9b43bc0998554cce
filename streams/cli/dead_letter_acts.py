"""`dead-letters retry`, `edit` and `discard`: what people do with letters; each is closed by an audit record."""

import json as json_module
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from schemas.errors import DecodeError
from streams.cli.arguments import PLACE
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, json_option, progress, say, shown
from streams.cli.session import Session, actor_option, confirmed
from streams.domain.letter_edit import EditRefusedError, Fields, changed_fields
from streams.domain.reasons import DeadReason
from streams.runtime.lookback import Place
from streams.runtime.operating.letter_book import Wanted
from streams.runtime.operating.letter_desk import LetterClosedError, LetterDesk, NobodyReadsError, Plan, Tools
from streams.runtime.operating.letter_edits import EDITABLE
from streams.runtime.operating.letter_retry import Pace, Retried
from streams.runtime.operating.letters import DeadLetter, NotRetriableError
from streams.runtime.operating.places import place_text
from streams.settings.rules import stock_rules
from streams.web.letter_groups import group_id

MOST = 100_000
SHORTEST_GROUP = 4
MOST_REFUSALS = 20
LARGEST_FILE = 1 << 20
Command = TypeVar("Command", bound=Callable[..., Any])  # Any: a click command's own arguments
Option = Callable[[Command], Command]

IDS = click.argument("letters", nargs=-1, type=PLACE)
GROUP = click.option("--group", help="All open letters of a group, as `dead-letters list` names it.")
LIMIT = click.option(
    "--limit", type=click.IntRange(1, MOST), default=10_000, show_default=True, help="At most so many, the oldest."
)
DRY = click.option("--dry-run", is_flag=True, help="Only say how many.")
YES = click.option("--yes", is_flag=True, help="Do not ask.")
RATE = click.option("--rate", type=click.IntRange(1, 1000), default=50, show_default=True, help="Letters a second.")
WAIT = click.option("--wait", type=click.FloatRange(1, 600), default=30, show_default=True, help="Seconds for a probe.")
NO_WAIT = click.option("--no-wait", is_flag=True, help="Send without a probe, and do not look what becomes of them.")
WHY = click.option("--why", default="", help="Why, for the audit; at most 200 characters.")


class Chosen(NamedTuple):
    """Which letters a command is about."""

    letters: tuple[Place, ...]
    group: str | None
    reason: str | None = None
    every: bool = False
    limit: int = MOST

    def checked(self) -> "Chosen":
        """Before anything is asked.  Raises click.UsageError."""
        self.wanted()
        return self

    def wanted(self) -> Wanted:
        """Raises click.UsageError."""
        said = [bool(self.letters), self.group is not None, self.reason is not None, self.every]
        if said.count(True) != 1:
            raise click.UsageError("name letters by their ids, or --group, or (for retry) --reason or --all")
        if self.group is not None and len(self.group) < SHORTEST_GROUP:
            raise click.UsageError(f"--group needs at least {SHORTEST_GROUP} characters of the group's id")
        ids = frozenset(place_text(place) for place in self.letters)
        return Wanted(reason=self.reason, group=self.group, ids=ids, closed_too=bool(ids))


class Sending(NamedTuple):
    """How what is chosen goes out."""

    pace: Pace
    no_wait: bool
    dry_run: bool
    yes: bool
    json: bool


@click.command()
@IDS
@GROUP
@click.option("--reason", type=click.Choice([one.value for one in DeadReason]), help="All open letters of a reason.")
@click.option("--all", "every", is_flag=True, help="All open letters.")
@LIMIT
@RATE
@WAIT
@NO_WAIT
@WHY
@DRY
@YES
@actor_option
@json_option
def retry(
    *,
    letters: tuple[Place, ...],
    group: str | None,
    reason: str | None,
    every: bool,
    limit: int,
    rate: int,
    wait: float,
    no_wait: bool,
    why: str,
    dry_run: bool,
    yes: bool,
    actor: str | None,
    json: bool,
) -> None:
    """Send letters to their topics again: one as a probe, then ten, then the rest; stops if they fail again.

    The set is what there is now; later letters are not included.  A letter that somebody has dealt with is refused,
    and one that newer state has overtaken changes nothing and is marked superseded.

    \b
    Example: commerce-streams dead-letters retry --group 9c1e4f0a21bd
    """  # noqa: D301  click reads \b as "keep these lines"
    chosen, noted = Chosen(letters, group, reason, every, limit).checked(), _why(why)
    session = Session(actor)
    desk = LetterDesk(tools_of(session), why=noted)
    _send(desk, chosen, Sending(Pace(rate, wait), no_wait, dry_run, yes, json), "Retry")


@click.command()
@IDS
@GROUP
@click.option("--set", "fields", multiple=True, metavar="FIELD=VALUE", help="A field's new value; may be repeated.")
@click.option(
    "--file",
    "edited",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The record as `show --json` prints it under `decoded`, edited; for one letter.",
)
@LIMIT
@RATE
@WAIT
@NO_WAIT
@WHY
@DRY
@YES
@actor_option
@json_option
def edit(
    *,
    letters: tuple[Place, ...],
    group: str | None,
    fields: tuple[str, ...],
    edited: Path | None,
    limit: int,
    rate: int,
    wait: float,
    no_wait: bool,
    why: str,
    dry_run: bool,
    yes: bool,
    actor: str | None,
    json: bool,
) -> None:
    """Correct a code that a mapping was wrong about, and retry: one letter, or the same correction for a group.

    Key, ids, sequences, quantities and times stay as the sender wrote them.  FIELD= empties a field that may be empty.

    \b
    Example: commerce-streams dead-letters edit wms.stock-change.v1-3-120 --set location_code=DC-1
    """  # noqa: D301  as above
    if bool(fields) == (edited is not None):
        raise click.UsageError("say what is corrected: --set FIELD=VALUE, or --file")
    if edited is not None and len(letters) != 1:
        raise click.UsageError("--file holds one record: name one letter")
    chosen = Chosen(letters, group, limit=limit).checked()
    said, noted = _of_options(fields), _why(why)
    session = Session(actor)
    wanted = said if edited is None else _of_file(session, letters[0], edited)
    desk = LetterDesk(tools_of(session), why=noted, fields=wanted)
    _send(desk, chosen, Sending(Pace(rate, wait), no_wait, dry_run, yes, json), "Correct and retry")


@click.command()
@IDS
@GROUP
@LIMIT
@click.option("--reason", required=True, help="Why they may go, for the audit; 3 to 200 characters.")
@DRY
@YES
@actor_option
def discard(
    *,
    letters: tuple[Place, ...],
    group: str | None,
    limit: int,
    reason: str,
    dry_run: bool,
    yes: bool,
    actor: str | None,
) -> None:
    """Close letters without sending them; the log keeps their bytes, and `retry` with their ids still works.

    \b
    Example: commerce-streams dead-letters discard --group 9c1e4f0a21bd --reason "test data of the pilot"
    """  # noqa: D301  as above
    if not 3 <= len(reason.strip()) <= 200:
        raise click.BadParameter("3 to 200 characters", param_hint="--reason")
    which = Chosen(letters, group, limit=limit).checked()
    session = Session(actor)
    desk = LetterDesk(tools_of(session), why=reason.strip())
    chosen = _frozen(desk, which, discarded_too=False)
    if dry_run:
        say(f"would discard {len(chosen):,} letters")
        return
    if not confirmed(f"Discard {len(chosen):,} letters?", yes=yes):
        sys.exit(FOUND_SOMETHING)
    with progress("discarding") as told:
        done, theirs = desk.discard(chosen, told)
    _say_theirs(theirs)
    say(f"{done:,} letters discarded; undo with `commerce-streams dead-letters retry` and their ids")
    sys.exit(FOUND_SOMETHING if theirs else 0)


def tools_of(session: Session) -> Tools:
    """What a desk works with."""
    return Tools(
        brokers=session.brokers,
        new_reader=session.new_reader,
        wire=session.wire,
        posting=session.posting,
        acts=session.acts,
        rules=stock_rules(session.settings.inventory),
        app_id=session.settings.app_id,
        clock=session.clock,
        group_of=group_id,
    )


def _why(text: str) -> str:
    if len(text) > 200:
        raise click.BadParameter("at most 200 characters", param_hint="--why")
    return text.strip()


# ── the frozen set ───────────────────────────────────────────────────────────────────────────────


def _frozen(desk: LetterDesk, which: Chosen, *, discarded_too: bool) -> list[DeadLetter]:
    """Raises CannotRunError where there is none, or where one of them is over."""
    wanted = which.wanted()
    with progress("reading dead letters") as told:
        chosen, more = desk.wanted(wanted, which.limit, told)
    missing = wanted.ids - {letter.letter_id for letter in chosen}
    if missing:
        raise CannotRunError(f"there is no dead letter {', '.join(sorted(missing)[:3])}")
    if not chosen:
        raise CannotRunError("no open letter matches; `commerce-streams dead-letters list --all` shows what there is")
    groups = {letter.group for letter in chosen}
    if wanted.group is not None and len(groups) > 1:
        raise CannotRunError(
            f"--group {wanted.group} begins the ids of {len(groups)} groups: {', '.join(sorted(groups))}"
        )
    try:
        desk.check_open(chosen, discarded_too=discarded_too)
    except LetterClosedError as error:
        raise CannotRunError(shown(error)) from None
    if more:
        say(f"{more:,} more match and are left for another run (--limit {which.limit})")
    return chosen


# ── what is corrected ────────────────────────────────────────────────────────────────────────────


def _of_options(fields: Sequence[str]) -> Fields:
    found: dict[str, str | None] = {}
    for text in fields:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not FIELD=VALUE", param_hint="--set")
        found[name] = value or None
    return found


def _of_file(session: Session, letter: Place, path: Path) -> Fields:
    """What the person changed in the record, as against what the letter holds."""
    desk = LetterDesk(tools_of(session))
    found, _more = desk.wanted(Wanted(ids=frozenset((place_text(letter),)), closed_too=True), 1, lambda *_: None)
    record = session.reader.one(found[0].place) if found else None
    if record is None:
        raise CannotRunError(f"there is no dead letter {place_text(letter)}")
    try:
        decoded = session.wire.read(record.value)
        edited = json_module.loads(path.read_bytes()[:LARGEST_FILE])
        whole = edited["decoded"] if isinstance(edited, Mapping) and "decoded" in edited else edited
        assert isinstance(decoded, Mapping)  # every contract is a record
        return changed_fields(decoded, whole, EDITABLE.get(letter.topic, ()))
    except DecodeError as error:
        raise CannotRunError(f"{place_text(letter)}: its bytes cannot be read: {error.reason}") from None
    except EditRefusedError as error:
        raise CannotRunError(f"{path}: {error}") from None
    except (OSError, ValueError) as error:
        raise CannotRunError(f"{path}: {error}") from None


# ── send ─────────────────────────────────────────────────────────────────────────────────────────


def _send(desk: LetterDesk, which: Chosen, how: Sending, verb: str) -> None:
    plan = _planned(desk, _frozen(desk, which, discarded_too=True))
    if how.dry_run:
        say(f"would send {len(plan.sendable):,} letters")
        return
    if plan.sendable:
        _check_readers(desk, how)
        if not confirmed(f"{verb} {len(plan.sendable):,} letters?", yes=how.yes):
            sys.exit(FOUND_SOMETHING)
    desk.supersede(plan)
    if not plan.sendable:
        sys.exit(FOUND_SOMETHING if plan.refusals else 0)
    try:
        ended = _sent(desk, plan, how)
    except NotRetriableError as error:
        raise CannotRunError(shown(error)) from None
    _say_how_it_ended(ended, json=how.json)
    sys.exit(FOUND_SOMETHING if ended.failed or ended.stopped or ended.theirs or plan.refusals else 0)


def _planned(desk: LetterDesk, chosen: Sequence[DeadLetter]) -> Plan:
    try:
        plan = desk.plan(chosen)
    except EditRefusedError as error:
        raise CannotRunError(str(error)) from None
    for refusal in plan.refusals[:MOST_REFUSALS]:
        say(shown(refusal))
    if len(plan.refusals) > MOST_REFUSALS:
        say(f"{len(plan.refusals) - MOST_REFUSALS:,} more cannot be sent")
    if plan.superseded:
        say(f"{len(plan.superseded):,} superseded: the shop has taken their rows since")
    return plan


def _check_readers(desk: LetterDesk, how: Sending) -> None:
    try:
        if not how.no_wait:
            desk.check_readers()
    except NobodyReadsError as error:
        raise CannotRunError(f"{error}, or send with --no-wait") from None


def _sent(desk: LetterDesk, plan: Plan, how: Sending) -> Retried:
    if how.no_wait:
        with progress("sending") as told:
            return desk.send_unwatched(plan, told)
    with progress("retrying") as told:
        return desk.retry(plan, how.pace, told)


def _say_how_it_ended(ended: Retried, *, json: bool) -> None:
    failed = [letter.letter_id for letter in ended.failed]
    if json:
        waiting = [letter.letter_id for letter in ended.waiting]
        as_json(ended._asdict() | {"failed": failed, "waiting": waiting})
        return
    click.echo(ended.summary)
    for letter_id in failed[:3]:
        click.echo(f"  failed again: {letter_id}; `commerce-streams dead-letters list --letters` shows the new letter")
    _say_theirs(ended.theirs)


def _say_theirs(theirs: Sequence[str]) -> None:
    for why in theirs[:3]:
        say(f"left alone: {shown(why)}")
    if len(theirs) > 3:
        say(f"left alone: {len(theirs) - 3:,} more")
