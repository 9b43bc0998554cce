"""Acts on dead letters over HTTP: retry, correct and retry, discard; one letter, a group, or all that are open.

They take as long as the pace makes them: the answer is 202 at the latest after three seconds, and
`/api/v1/acts/{id}` says how it goes on.  What somebody has dealt with is refused with 409, and nothing is done.
"""

import asyncio
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeVar

from aiohttp import web

from streams.domain.letter_edit import EditRefusedError, check_fields
from streams.runtime.operating.letter_edits import EDITABLE
from streams.web import act_bodies
from streams.web.act_bodies import Act, AllLettersAct, EditAct
from streams.web.act_book import ActState
from streams.web.acts import ActFailedError, LetterAct, Mandate
from streams.web.answers import own_answer
from streams.web.context import WebContext, context, visitor
from streams.web.letter_groups import Letter
from streams.web.letter_index import ClosedLetter
from streams.web.look_up import asked_group, asked_letter
from streams.web.refusal import RefusedError
from streams.web.words import ago, count, many, moment, seconds_since, upper_first, visible

AT_ONCE_S = 3.0
STATUS = {"failed": 503, "refused": 409}
Kind = Literal["retry", "edit", "discard"]
ActT = TypeVar("ActT", bound=Act)
VERBS: dict[Kind, str] = {"retry": "retry-letter", "edit": "edit-letter", "discard": "discard-letter"}


class Job(NamedTuple):
    """An act that was allowed, before it is begun."""

    kind: Kind
    letters: Sequence[Letter]
    fields: dict[str, str | None] | None = None


# ── one letter ───────────────────────────────────────────────────────────────────────────────────


async def retry_letter(request: web.Request) -> web.Response:
    """Also one that was discarded: that undoes it."""
    body = await act_bodies.read(request, Act)
    return await _begin(request, body, Job("retry", [_letter(request, body, discarded_too=True)]))


async def edit_letter(request: web.Request) -> web.Response:
    body = await act_bodies.read(request, EditAct)
    letter = _letter(request, body, discarded_too=True)
    return await _begin(request, body, Job("edit", [letter], _fields(body, letter.origin_topic)))


async def discard_letter(request: web.Request) -> web.Response:
    body = await act_bodies.read(request, Act)
    return await _begin(request, body, Job("discard", [_letter(request, body, discarded_too=False)]))


def _letter(request: web.Request, body: Act, *, discarded_too: bool) -> Letter:
    """Raises RefusedError 404; 409 where it is over, unless this very act has ended it."""
    found = asked_letter(request)
    if isinstance(found, Letter):
        return found
    if context(request).book.get(body.act) is None and not (discarded_too and found.closing.state == "discarded"):
        raise RefusedError(409, over(found, context(request).clock.micros()))
    return found.letter


def over(found: ClosedLetter, now: int) -> str:
    """Who dealt with it, and the way out."""
    closing = found.closing
    who = f"{found.letter.id} was {closing.state} {ago(seconds_since(closing.at, now))} by {visible(closing.actor)}."
    ways = {
        "discarded": "Retry it to undo that.",
        "superseded": "Newer state is there. Where a number looks wrong, ask for a recount on the page of the SKU.",
    }
    again = "Nothing is sent twice. If it was set aside again, that is a letter of its own, open in the list."
    return f"{who} {ways.get(closing.state, again)}"


# ── a group, and all of them ─────────────────────────────────────────────────────────────────────


async def retry_group(request: web.Request) -> web.Response:
    body = await act_bodies.read(request, Act)
    return await _begin(request, body, Job("retry", _group(request, body)))


async def edit_group(request: web.Request) -> web.Response:
    """The same correction for every letter of it."""
    body = await act_bodies.read(request, EditAct)
    letters = _group(request, body)
    topic = letters[0].origin_topic if letters else ""
    return await _begin(request, body, Job("edit", letters, _fields(body, topic) if letters else None))


async def discard_group(request: web.Request) -> web.Response:
    body = await act_bodies.read(request, Act)
    return await _begin(request, body, Job("discard", _group(request, body)))


async def retry_all(request: web.Request) -> web.Response:
    """All that are open now; `letters` is how many the page showed, so that nobody sends what was never seen."""
    body = await act_bodies.read(request, AllLettersAct)
    at = context(request)
    letters = at.scene.index.open_letters()
    if at.book.get(body.act) is None and not letters:
        raise RefusedError(409, "No letter is open.")
    if at.book.get(body.act) is None and len(letters) > body.letters:
        now = f"{many(len(letters), 'letter')} open now, {count(body.letters)} when you looked."
        raise RefusedError(409, f"{now} Nothing was done: look again, then repeat it.")
    return await _begin(request, body, Job("retry", letters))


def _group(request: web.Request, body: Act) -> list[Letter]:
    """Raises RefusedError 404 where no letter was ever in it, 409 where none is open."""
    group = asked_group(request)
    letters = context(request).scene.index.open_letters(group)
    if not letters and context(request).book.get(body.act) is None:
        raise RefusedError(409, "No letter of this group is open: each was retried, corrected or discarded.")
    return letters


def _fields(body: EditAct, topic: str) -> dict[str, str | None]:
    """Raises RefusedError 400, which says what may be corrected."""
    fields = dict(body.fields)
    try:
        check_fields(fields, EDITABLE.get(topic, ()))
    except EditRefusedError as error:
        raise RefusedError(400, f"{upper_first(str(error))}.") from None
    return fields


# ── the work ─────────────────────────────────────────────────────────────────────────────────────


async def _begin(request: web.Request, body: Act, job: Job) -> web.Response:
    """The same id again joins what runs, or gives how it ended."""
    at, who = context(request), visitor(request)
    mandate = Mandate(body.act or at.clock.nonce(), who.actor, body.reason.strip())
    running = ActState(
        id=mandate.id,
        act=VERBS[job.kind],
        state="running",
        total=len(job.letters),
        text=f"{many(len(job.letters), 'letter')}: one goes first, then ten, then the rest.",
        by=who.actor,
        at=moment(at.clock.micros()),
    )
    task = at.book.begin(running, lambda: _work(at, job, mandate, running))
    if task is not None:
        await asyncio.wait({task}, timeout=AT_ONCE_S)
    state = at.book.get(mandate.id) or running
    return own_answer(request, state, STATUS.get(state.state, 202))


async def _work(at: WebContext, job: Job, mandate: Mandate, running: ActState) -> ActState:
    def told(done: int, total: int) -> None:
        at.book.note(mandate.id, done, total)

    act = LetterAct(job.kind, [letter.place for letter in job.letters], job.fields)
    try:
        ended = await at.letter_acts.work(act, mandate, told)
    except ActFailedError as error:
        return _state(running, "failed", str(error), failed=len(job.letters))
    state: Literal["done", "refused"] = "refused" if ended.is_refused else "done"
    return _state(running, state, ended.text, done=ended.done, failed=ended.failed)


def _state(
    running: ActState, state: Literal["done", "refused", "failed"], text: str, *, done: int = 0, failed: int = 0
) -> ActState:
    return ActState(
        id=running.id,
        act=running.act,
        state=state,
        done=done,
        total=running.total,
        failed=failed,
        text=text,
        by=running.by,
        at=running.at,
    )
