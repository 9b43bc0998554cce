"""`dead-letters`: what was set aside, why, and what to do about it."""

import sys
from pathlib import Path

import click

from schemas.errors import DecodeError
from streams.cli.arguments import MOMENT, PLACE
from streams.cli.dead_letter_acts import discard, edit, retry
from streams.cli.failures import CannotRunError
from streams.cli.output import as_json, echo_rows, json_option, progress, say, shown
from streams.cli.session import Session
from streams.domain.reasons import ADVICE, DeadReason
from streams.runtime.dead_letters import PREFIX
from streams.runtime.lookback import Place
from streams.runtime.operating.letter_book import LetterBook, Wanted, newest_of_each
from streams.runtime.operating.letter_closings import closing_over
from streams.runtime.operating.letters import DeadLetter, LetterGroup, LetterGroups
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import place_text
from streams.runtime.operating.readable import time_text
from streams.web.letter_groups import field_of, group_id, masked, schema_part

MOST = 1000
HEX_SHOWN = 4096


@click.group("dead-letters")
def dead_letters() -> None:
    """What was set aside: key, value and headers unchanged, with the reason.

    \b
    Example: commerce-streams dead-letters list --topic wms.stock-change.v1
    """  # noqa: D301  click reads \b as "keep these lines"


dead_letters.add_command(retry)
dead_letters.add_command(edit)
dead_letters.add_command(discard)


@dead_letters.command("list")
@click.option("--reason", type=click.Choice([reason.value for reason in DeadReason]), help="Only this reason.")
@click.option("--topic", help="Only letters from this topic.")
@click.option("--key", help="Only letters with this message key, e.g. a SKU.")
@click.option("--since", type=MOMENT, help="Only letters since a time or an age, e.g. 2h.")
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True, help="Rows at most.")
@click.option("--letters", is_flag=True, help="Single letters instead of groups.")
@click.option("--all", "closed_too", is_flag=True, help="Those that were retried or discarded, too.")
@json_option
def list_(
    *,
    reason: str | None,
    topic: str | None,
    key: str | None,
    since: int | None,
    limit: int,
    letters: bool,
    closed_too: bool,
    json: bool,
) -> None:
    """Open letters in groups of one cause; exit code 1 while there are any.

    \b
    Example: commerce-streams dead-letters list --since 24h
    """  # noqa: D301  as above
    session = Session()
    wanted = Wanted(reason, topic, key, since=since, closed_too=closed_too)
    book = _book(session)
    groups = LetterGroups()
    newest: dict[str, DeadLetter] = {}
    with progress("reading dead letters") as told:
        for letter in book.letters(wanted, told):
            if letter.letter_id not in newest:
                groups.add(letter)
            newest[letter.letter_id] = letter
    if letters:
        _print_letters(book, sorted(newest.values(), key=lambda one: (-one.at, one.place))[:limit], json=json)
    else:
        _print_groups(groups.ordered()[:limit], json=json)
    if not json:
        _summary(len(newest), len(groups.ordered()), book)
    sys.exit(1 if newest else 0)


def _book(session: Session) -> LetterBook:
    return LetterBook(session.brokers, session.reader, session.wire, app_id=session.settings.app_id, group_of=group_id)


def _summary(letters: int, groups: int, book: LetterBook) -> None:
    what = f"{letters:,} letter{'' if letters == 1 else 's'} in {groups} group{'' if groups == 1 else 's'}"
    say(what if letters else "No letter.")
    if book.strange:
        say(f"{book.strange:,} records of the topic are no letters of this application and are left out")


def _print_groups(groups: list[LetterGroup], *, json: bool) -> None:
    if json:
        as_json([_group_row(group) for group in groups])
        return
    head = ("group", "reason", "topic", "schema", "field", "what", "letters", "first", "last")
    rows = []
    for group in groups:
        row = _group_row(group)
        rows.append(["–" if row[name] is None else str(row[name]) for name in head])
    echo_rows(head, rows)


def _group_row(group: LetterGroup) -> dict[str, object]:
    return {
        "group": group.group,
        "reason": group.reason,
        "topic": group.topic,
        "schema": schema_part(group.reason, group.example.schema) or None,
        "field": field_of(group.reason, group.example.detail) or None,
        "what": masked(group.example.detail, group.reason),
        "example": group.example.detail,
        "example_letter": group.example.letter_id,
        "letters": group.letters,
        "first": time_text(group.first),
        "last": time_text(group.last),
    }


def _print_letters(book: LetterBook, letters: list[DeadLetter], *, json: bool) -> None:
    rows = [_letter_row(book, letter) for letter in letters]
    if json:
        as_json(rows)
        return
    head = ("letter", "at", "reason", "key", "state", "detail")
    echo_rows(head, [[str(row[name]) for name in head] for row in rows])


def _letter_row(book: LetterBook, letter: DeadLetter) -> dict[str, object]:
    return {
        "letter": letter.letter_id,
        "at": time_text(letter.at),
        "reason": letter.reason,
        "group": letter.group,
        "key": None if letter.key is None else letter.key.decode("utf-8", "backslashreplace"),
        "bytes": letter.size,
        "state": _state(book, letter),
        "schema": letter.schema,
        "field": field_of(letter.reason, letter.detail) or None,
        "detail": letter.detail,
        "retry_of": letter.retry_of,
        "closed": _closed(book, letter),
    }


def _closed(book: LetterBook, letter: DeadLetter) -> dict[str, object] | None:
    closing = closing_over(letter, book.closed)
    return None if closing is None else {"by": closing.actor, "at": time_text(closing.at), "why": closing.reason}


def _state(book: LetterBook, letter: DeadLetter) -> str:
    closing = closing_over(letter, book.closed)
    return "open" if closing is None else closing.state


# ── one letter ───────────────────────────────────────────────────────────────────────────────────


@dead_letters.command()
@click.argument("letter", type=PLACE)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the record's bytes to a file.")
@json_option
def show(*, letter: Place, out: Path | None, json: bool) -> None:
    """Everything about LETTER, which is the TOPIC-PARTITION-OFFSET of the record that was set aside.

    \b
    Example: commerce-streams dead-letters show wms.stock-change.v1-3-120
    """  # noqa: D301  as above
    session = Session()
    book = _book(session)
    name = place_text(letter)
    found, _more = newest_of_each(book.letters(Wanted(ids=frozenset((name,)), closed_too=True)), 1)
    record = session.reader.one(found[0].place) if found else None
    if record is None:
        raise CannotRunError(
            f"there is no dead letter {name}; `commerce-streams dead-letters list --letters` names them"
        )
    value = _value(found[0], record)
    if out is not None:
        _write(out, value)
    row = _letter_row(book, found[0]) | _content(session, record, value)
    if json:
        as_json(row)
    else:
        _print_letter(row, out)


def _value(letter: DeadLetter, record: LogRecord) -> bytes | None:
    """The original bytes, also those that only a file holds."""
    if letter.kept_in is None or not Path(letter.kept_in).is_file():
        return record.value
    return Path(letter.kept_in).read_bytes()


def _write(out: Path, value: bytes | None) -> None:
    try:
        out.write_bytes(value or b"")
    except OSError as error:
        raise CannotRunError(f"--out {out}: {error.strerror}") from None


def _content(session: Session, record: LogRecord, value: bytes | None) -> dict[str, object]:
    headers = {name: (text or b"").decode("utf-8", "backslashreplace") for name, text in record.headers}
    reason = headers.get(f"{PREFIX}reason", "")
    try:
        decoded, why = session.wire.read(value), ""
    except DecodeError as error:
        decoded, why = None, error.detail
    return {
        "advice": ADVICE[DeadReason(reason)] if reason in set(DeadReason) else "",
        "lies_in": place_text(record.place),
        "told": {name.removeprefix(PREFIX): text for name, text in headers.items() if name.startswith(PREFIX)},
        "headers": {name: text for name, text in headers.items() if not name.startswith(PREFIX)},
        "decoded": decoded,
        "undecoded_because": why,
        "hex": (value or b"")[:HEX_SHOWN].hex(),
    }


def _print_letter(row: dict[str, object], out: Path | None) -> None:
    closed = row["closed"]
    if isinstance(closed, dict):
        row = row | {"closed": f"{closed['at']} by {closed['by']}{': ' if closed['why'] else ''}{closed['why']}"}
    for name in (
        *("letter", "state", "closed", "at", "reason", "field", "detail", "advice", "key", "schema", "bytes"),
        *("lies_in", "retry_of"),
    ):
        click.echo(f"{name:<10}{shown(row[name] if row[name] is not None else '–')}")
    for name in ("told", "headers"):
        pairs = row[name]
        assert isinstance(pairs, dict)
        click.echo(f"{name}:" if pairs else f"{name:<10}none")
        for header, text in pairs.items():
            click.echo(f"  {shown(header)} = {shown(text)}")
    if row["decoded"] is not None:
        click.echo("record:")
        as_json(row["decoded"])
    else:
        click.echo(f"cannot be decoded: {shown(row['undecoded_because'])}")
    click.echo("bytes:")
    click.echo("\n".join(_hex_lines(bytes.fromhex(str(row["hex"])))) or "none")
    if isinstance(size := row["bytes"], int) and size > HEX_SHOWN:
        click.echo(f"… {size - HEX_SHOWN:,} more; --out writes them all")
    if out is not None:
        say(f"{row['bytes']} bytes in {out}")


def _hex_lines(value: bytes) -> list[str]:
    """Sixteen bytes a line: place, hex, and what is printable ASCII."""
    lines = []
    for start in range(0, len(value), 16):
        part = value[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:06x}  {part.hex(' '):<47}  {text}")
    return lines
