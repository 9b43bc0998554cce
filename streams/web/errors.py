"""Every failure as an answer of ours: a page or JSON, with the reason, and of a fault only where to find it."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web

from streams.runtime.logs import logger
from streams.web import sign_in
from streams.web.answers import bare_page, json_answer
from streams.web.context import context
from streams.web.envelope import Problem
from streams.web.refusal import RefusedError
from streams.web.words import visible

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FOR_PROGRAMS = ("/api/", "/status", "/healthz", "/readyz", "/metrics", "/static/")
TITLES = {
    400: "This cannot be asked",
    401: "Sign in first",
    403: "No right to this",
    404: "Not found",
    405: "Not this way",
    409: "Not as it stands now",
    413: "Too large",
    415: "Not this form",
    429: "Too often",
    500: "This page failed",
    503: "Not just now",
}
_LOG = logger("streams.web")


@web.middleware
async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nothing of aiohttp's or Faust's own error pages reaches a visitor."""
    try:
        return await handler(request)
    except RefusedError as error:
        return refused(request, error)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        return refused(request, _of(request, error))
    except ConnectionError:
        raise  # the visitor is gone
    except Exception:  # noqa: BLE001  the door to the visitor: streams go on
        incident = context(request).clock.nonce()[:8]
        _LOG.exception("page-failed", incident=incident, path=request.path[:200])
        return failed(request, incident)


def _of(request: web.Request, error: web.HTTPException) -> RefusedError:
    if error.status == 404:
        return RefusedError(404, f"Nothing stands at {visible(request.path)}.")
    if error.status == 405:
        allowed = error.headers.get("Allow", "")
        return RefusedError(405, f"{request.method} is not for this address.", headers={"Allow": allowed})
    return RefusedError(error.status, TITLES.get(error.status, error.reason))


def refused(request: web.Request, error: RefusedError) -> web.StreamResponse:
    """401 of a page is the sign-in; everything else says why."""
    if _for_program(request):
        return json_answer(Problem(error.sentence), error.status, error.headers)
    if error.status == 401 and request.method == "GET":
        return sign_in.form(request, status=401, goes_to=sign_in.next_of(str(request.rel_url)))
    title = error.title or TITLES.get(error.status, "Refused")
    response = bare_page(
        request, "error.html", status=error.status, title=title, sentence=error.sentence, near=_near(request, error)
    )
    response.headers.update(error.headers)
    return response


def failed(request: web.Request, incident: str) -> web.StreamResponse:
    sentence = f"This page failed (incident {incident}). Streams go on without it; the log has the cause."
    if _for_program(request):
        return json_answer(Problem(sentence, incident), 500)
    return bare_page(request, "error.html", status=500, title=TITLES[500], sentence=sentence, near=())


def _for_program(request: web.Request) -> bool:
    return request.path.startswith(FOR_PROGRAMS)


def _near(request: web.Request, error: RefusedError) -> tuple[tuple[str, str], ...]:
    """Where to go instead."""
    if error.status != 404:
        return ()
    word = request.path.strip("/")
    look_up = ((f"Look up {visible(word)} as a SKU", f"/stock?sku={quote(word)}"),) if 0 < len(word) <= 64 else ()
    return (*look_up, ("All dead letters", "/dead-letters"), ("Overview", "/"))
