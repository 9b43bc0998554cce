"""`dead-letters retry` and `discard`: what people do with letters; each letter is closed by an audit record."""

import sys
from collections.abc import Sequence

import click

from streams.cli.arguments import PLACE
from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import as_json, json_option, progress, say
from streams.cli.session import Session, actor_option, confirmed
from streams.domain.reasons import DeadReason
from streams.runtime.lookback import Place
from streams.runtime.operating.letter_book import LetterBook, Wanted, newest_of_each
from streams.runtime.operating.letter_retry import Pace, Retried, Retry
from streams.runtime.operating.letter_sender import LetterSender, shop_key
from streams.runtime.operating.letter_watch import LogWatch, moved_on
from streams.runtime.operating.letters import AT_THE_SHOP, DISCARD, LETTER, DeadLetter, NotRetriableError
from streams.runtime.operating.places import place_text
from streams.runtime.operating.posting import Outgoing
from streams.runtime.operating.snapshots import Snapshots
from streams.settings.rules import stock_rules
from streams.web.letter_groups import group_id

MOST = 100_000
AT_ONCE = 500
SHORTEST_GROUP = 4
IDS = click.argument("letters", nargs=-1, type=PLACE)
GROUP = click.option("--group", help="All open letters of a group, as `dead-letters list` names it.")
LIMIT = click.option(
    "--limit", type=click.IntRange(1, MOST), default=10_000, show_default=True, help="At most so many, the oldest."
)
DRY = click.option("--dry-run", is_flag=True, help="Only say how many.")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command()
@IDS
@GROUP
@click.option("--reason", type=click.Choice([one.value for one in DeadReason]), help="All open letters of a reason.")
@LIMIT
@click.option("--rate", type=click.IntRange(1, 1000), default=50, show_default=True, help="Letters a second.")
@click.option("--wait", type=click.FloatRange(1, 600), default=30, show_default=True, help="Seconds for a probe.")
@click.option("--no-wait", is_flag=True, help="Send without a probe, and do not look what becomes of them.")
@DRY
@YES
@actor_option
@json_option
def retry(
    *,
    letters: tuple[Place, ...],
    group: str | None,
    reason: str | None,
    limit: int,
    rate: int,
    wait: float,
    no_wait: bool,
    dry_run: bool,
    yes: bool,
    actor: str | None,
    json: bool,
) -> None:
    """Send letters to their topics again: one as a probe, then ten, then the rest; stops if they fail again.

    The set is what there is now; later letters are not included.  Twice is harmless: records are known by identity.

    \b
    Example: commerce-streams dead-letters retry --group 9c1e4f0a21bd
    """  # noqa: D301  click reads \b as "keep these lines"
    session = Session(actor)
    chosen = _frozen(session, _wanted(letters, group, reason), limit)
    sender = _sender(session, chosen)
    overtaken = _overtaken(session, chosen)
    sendable, refusals = sender.prepare([one for one in chosen if one not in overtaken])
    for refusal in refusals:
        say(refusal)
    if overtaken:
        say(f"{len(overtaken):,} superseded: the shop has taken their rows since")
    if dry_run:
        say(f"would send {len(sendable):,} letters")
        return
    sender.close(overtaken)
    if not sendable:
        sys.exit(FOUND_SOMETHING if refusals else 0)
    if not no_wait and not session.brokers.members(session.settings.app_id):
        raise CannotRunError("no worker runs that could read them; start one, or send with --no-wait")
    if not confirmed(f"Retry {len(sendable):,} letters?", yes=yes):
        sys.exit(FOUND_SOMETHING)
    try:
        ended = _sent(sender, sendable) if no_wait else _watched(session, sender, sendable, Pace(rate, wait))
    except NotRetriableError as error:
        raise CannotRunError(str(error)) from None
    _say_how_it_ended(ended, json=json)
    sys.exit(FOUND_SOMETHING if ended.failed or ended.stopped or refusals else 0)


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
    session = Session(actor)
    chosen = _frozen(session, _wanted(letters, group, None), limit)
    if dry_run:
        say(f"would discard {len(chosen):,} letters")
        return
    if not confirmed(f"Discard {len(chosen):,} letters?", yes=yes):
        sys.exit(FOUND_SOMETHING)
    with progress("discarding") as told:
        for start in range(0, len(chosen), AT_ONCE):
            session.posting.post([_discarded(session, one, reason) for one in chosen[start : start + AT_ONCE]])
            told(min(start + AT_ONCE, len(chosen)), len(chosen))
    say(f"{len(chosen):,} letters discarded; undo with `commerce-streams dead-letters retry` and their ids")


# ── the frozen set ───────────────────────────────────────────────────────────────────────────────


def _wanted(letters: Sequence[Place], group: str | None, reason: str | None) -> Wanted:
    if [bool(letters), group is not None, reason is not None].count(True) != 1:
        raise click.UsageError("name letters by their ids, or a group, or (for retry) a reason")
    if group is not None and len(group) < SHORTEST_GROUP:
        raise click.UsageError(f"--group needs at least {SHORTEST_GROUP} characters of the group's id")
    ids = frozenset(place_text(place) for place in letters)
    return Wanted(reason=reason, group=group, ids=ids, closed_too=bool(ids))


def _frozen(session: Session, wanted: Wanted, limit: int) -> list[DeadLetter]:
    book = LetterBook(session.brokers, session.reader, session.wire, app_id=session.settings.app_id, group_of=group_id)
    with progress("reading dead letters") as told:
        chosen, more = newest_of_each(book.letters(wanted, told), limit)
    missing = wanted.ids - {letter.letter_id for letter in chosen}
    if missing:
        raise CannotRunError(f"there is no dead letter {', '.join(sorted(missing)[:3])}")
    if not chosen:
        raise CannotRunError("no open letter matches; `commerce-streams dead-letters list` shows what there is")
    groups = {letter.group for letter in chosen}
    if wanted.group is not None and len(groups) > 1:
        raise CannotRunError(
            f"--group {wanted.group} begins the ids of {len(groups)} groups: {', '.join(sorted(groups))}"
        )
    if more:
        say(f"{more:,} more match and are left for another run (--limit {limit})")
    return chosen


# ── retry ────────────────────────────────────────────────────────────────────────────────────────


def _sender(session: Session, letters: Sequence[DeadLetter]) -> LetterSender:
    rules = stock_rules(session.settings.inventory)
    skus = [shop_key(letter, rules) for letter in letters if letter.reason in AT_THE_SHOP]
    snapshots = Snapshots(session.brokers, session.new_reader(), skus)
    return LetterSender(session.posting, session.acts, letters=session.reader, snapshots=snapshots, rules=rules)


def _overtaken(session: Session, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    rules = stock_rules(session.settings.inventory)
    found = moved_on(letters, session.brokers, session.reader, session.wire, rules)
    return [letter for letter in letters if letter.letter_id in found]


def _sent(sender: LetterSender, letters: Sequence[DeadLetter]) -> Retried:
    """Without looking: all of them wait."""
    with progress("sending") as told:
        for start in range(0, len(letters), AT_ONCE):
            sender.send(letters[start : start + AT_ONCE])
            told(min(start + AT_ONCE, len(letters)), len(letters))
    return Retried(len(letters), 0, 0, (), tuple(letters), 0, "")


def _watched(session: Session, sender: LetterSender, letters: Sequence[DeadLetter], pace: Pace) -> Retried:
    watch = LogWatch(
        session.brokers,
        session.new_reader(),
        session.wire,
        group=session.settings.app_id,
        rules=stock_rules(session.settings.inventory),
    )
    run = Retry(lambda part: watch.placed(sender.send(part)), watch, session.clock, pace)
    with progress("retrying") as told:
        return run.run(letters, told)


def _say_how_it_ended(ended: Retried, *, json: bool) -> None:
    failed = [letter.letter_id for letter in ended.failed]
    if json:
        waiting = [letter.letter_id for letter in ended.waiting]
        as_json(ended._asdict() | {"failed": failed, "waiting": waiting})
        return
    parts = [f"{ended.sent:,} sent"]
    parts += [f"{ended.taken:,} read without another letter"] if ended.taken else []
    parts += [f"{ended.applied:,} shown by the shop"] if ended.applied else []
    parts += [f"{len(ended.waiting):,} not known yet"] if ended.waiting else []
    parts += [f"{len(failed):,} failed again"] if failed else []
    parts += [f"{ended.left:,} not sent, because {ended.stopped}"] if ended.left else []
    click.echo(", ".join(parts) + ".")
    for letter_id in failed[:3]:
        click.echo(f"  failed again: {letter_id}; `commerce-streams dead-letters list --letters` shows the new letter")


def _discarded(session: Session, letter: DeadLetter, reason: str) -> Outgoing:
    return session.acts.audit(
        DISCARD, (LETTER, letter.letter_id), before=letter.reason, after="discarded", reason=reason, cause=letter.place
    )
