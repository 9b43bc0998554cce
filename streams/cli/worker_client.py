"""Asks a running worker, with the token, within a time; redirects are not followed, so that it goes nowhere else."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import click

from streams.cli.failures import CannotRunError
from streams.settings import Settings

WITHIN_S = 5.0
LARGEST = 16 << 20
NOT_FOUND, UNAUTHORIZED, FORBIDDEN = 404, 401, 403
Json = Any  # whatever a worker answers

Command = TypeVar("Command", bound=Callable[..., Any])  # Any: a click command's own arguments


class WorkerSilentError(CannotRunError):
    """No worker answers there, or it refuses us."""


class UnknownThingError(CannotRunError):
    """The worker answers that there is no such thing."""


class WorkerClient:
    """One worker, by its address."""

    def __init__(self, url: str, token: str | None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise CannotRunError(f"--url {url}: must start with http:// or https://")
        self.url = url.rstrip("/")
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect()).open

    def at(self, url: str) -> "WorkerClient":
        """Another worker of the same group, with the same token."""
        other = WorkerClient(url, None)
        other._headers = self._headers
        return other

    def facts(self) -> Json:
        """What the worker says of itself."""
        return self.get("/api/v1/worker").get("data", {})

    def get(self, path: str, **params: str) -> Json:
        """The answer's JSON; of an envelope as the worker sends it.  Raises WorkerSilentError, UnknownThingError."""
        query = f"?{urlencode(params)}" if params else ""
        request = urllib.request.Request(self.url + path + query, headers=self._headers)  # noqa: S310  checked above
        try:
            with self._open(request, timeout=WITHIN_S) as answer:
                return json.loads(answer.read(LARGEST))
        except urllib.error.HTTPError as error:
            raise self._refused(error) from None
        except (OSError, HTTPException) as error:
            raise WorkerSilentError(
                f"no worker answers at {self.url} ({_why(error)}); start one with `commerce-streams worker`, "
                "or name another with --url"
            ) from None
        except ValueError:
            raise WorkerSilentError(f"what answers at {self.url}{path} is no worker; name one with --url") from None

    def _refused(self, error: urllib.error.HTTPError) -> CannotRunError:
        with error:
            said = _said(error)
        if error.code in (UNAUTHORIZED, FORBIDDEN):
            return WorkerSilentError(
                f"the worker at {self.url} refuses the token (HTTP {error.code}); set STREAMS_WEB__TOKEN, "
                "or STREAMS_WEB__READ_TOKEN, as it is set there"
            )
        if error.code == NOT_FOUND:
            return UnknownThingError(said or f"the worker at {self.url} knows no such thing")
        return WorkerSilentError(f"the worker at {self.url} answered HTTP {error.code}: {said or 'no reason given'}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token along."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # Any: urllib's own arguments
        return None


def _said(error: urllib.error.HTTPError) -> str:
    """The one sentence of the worker's refusal."""
    try:
        answer = json.loads(error.read(LARGEST))
    except (OSError, ValueError, HTTPException):
        return ""
    return str(answer.get("error", ""))[:300] if isinstance(answer, dict) else ""


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason) or type(error).__name__


def worker_client(settings: Settings, url: str | None = None) -> WorkerClient:
    """The worker of these settings, or the one at `url`."""
    web = settings.web
    token = web.token or web.read_token
    address = url or web.advertised_url or f"http://{web.host}:{web.port}"
    return WorkerClient(address, token.get_secret_value() if token else None)


def url_option(command: Command) -> Command:
    """`--url`, as every command that asks a worker has it."""
    option: Callable[[Command], Command] = click.option(
        "--url", help="Address of a worker; default: the one of these settings."
    )
    return option(command)
