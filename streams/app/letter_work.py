"""Works on dead letters for the pages: the desk of the command line, in a thread of its own, with clients of its own.

The streams do not wait for it.  The thread ends with the worker; what was not sent by then is open.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from typing import TypeVar

from confluent_kafka import KafkaException

from schemas.catalogue import contract_of
from schemas.errors import DecodeError
from streams.domain.letter_edit import EditRefusedError
from streams.domain.stock_rules import StockRules
from streams.runtime.clock import SystemClock
from streams.runtime.cluster import ClusterUnavailableError
from streams.runtime.operating.acts import Acts
from streams.runtime.operating.brokers import Brokers, TopicMissingError
from streams.runtime.operating.letter_desk import LetterClosedError, LetterDesk, NobodyReadsError, Tools
from streams.runtime.operating.letter_edits import EDITABLE
from streams.runtime.operating.letter_retry import STEADY, Retried
from streams.runtime.operating.letters import NotRetriableError
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.posting import NotWrittenError, Posting
from streams.runtime.operating.registry import OperatorRegistry
from streams.runtime.operating.wire import Wire
from streams.runtime.refusals import told as refusal_told
from streams.runtime.serde import RegistryUnavailableError, SchemaMissingError
from streams.settings import Settings
from streams.web.acts import ActFailedError, LetterAct, LettersEnded, Mandate, Told
from streams.web.letter_groups import group_id

NAMED = 3
Result = TypeVar("Result")
_PLAIN = (ClusterUnavailableError, TopicMissingError, NotWrittenError, SchemaMissingError, NotRetriableError)


class LetterWork:
    """Implements `streams.web.acts.LetterActs`; acts wait for each other."""

    def __init__(self, settings: Settings, rules: StockRules) -> None:
        self._settings, self._rules = settings, rules
        self._one_at_a_time = asyncio.Lock()

    async def work(self, act: LetterAct, mandate: Mandate, told: Told) -> LettersEnded:
        loop = asyncio.get_running_loop()

        def tell(done: int, total: int) -> None:
            with suppress(RuntimeError):  # the worker has ended
                loop.call_soon_threadsafe(told, done, total)

        async with self._one_at_a_time:
            return await _in_thread(partial(self._worked, act, mandate, tell))

    async def correctable(self, topic: str, value: bytes) -> Mapping[str, str | None]:
        return await _in_thread(partial(self._correctable, topic, value))

    def _correctable(self, topic: str, value: bytes) -> Mapping[str, str | None]:
        contract = contract_of(topic)
        if contract is None or topic not in EDITABLE:
            return {}
        registry = OperatorRegistry(self._settings.schema_registry)
        try:
            record = Wire(registry).record(contract, value)
        except (DecodeError, RegistryUnavailableError):
            return {}
        finally:
            registry.close()
        return {name: None if record[name] is None else str(record[name]) for name in EDITABLE[topic]}

    def _worked(self, act: LetterAct, mandate: Mandate, told: Told) -> LettersEnded:
        try:
            with ExitStack() as stack:
                return _carried_out(self._desk(stack, act, mandate), act, told)
        except LetterClosedError as error:
            return LettersEnded(str(error), 0, is_refused=True)
        except (EditRefusedError, NobodyReadsError) as error:
            return LettersEnded(f"{error}. Nothing was done."[:500], 0, is_refused=True)
        except RegistryUnavailableError as error:
            raise ActFailedError(f"The schema registry does not answer: {error}. Repeating it is safe.") from error
        except KafkaException as error:
            raise ActFailedError(f"{refusal_told('Kafka did not do it', error)}. Repeating it is safe.") from error
        except _PLAIN as error:
            raise ActFailedError(f"{error}. Repeating it is safe.") from error

    def _desk(self, stack: ExitStack, act: LetterAct, mandate: Mandate) -> LetterDesk:
        settings, clock = self._settings, SystemClock()
        registry = OperatorRegistry(settings.schema_registry)
        stack.callback(registry.close)
        wire = Wire(registry)

        def new_reader() -> LogReader:
            return stack.enter_context(LogReader(settings.kafka, settings.app_id))

        tools = Tools(
            brokers=Brokers(settings.kafka),
            new_reader=new_reader,
            wire=wire,
            posting=Posting(settings.kafka),
            acts=Acts(wire, clock, mandate.actor),
            rules=self._rules,
            app_id=settings.app_id,
            clock=clock,
            group_of=group_id,
        )
        return LetterDesk(tools, why=mandate.reason, fields=act.fields if act.kind == "edit" else None)


def _carried_out(desk: LetterDesk, act: LetterAct, told: Told) -> LettersEnded:
    letters = desk.at(act.places)
    if not letters:
        return LettersEnded("None of these letters is in the log any more.", 0, is_refused=True)
    desk.check_open(letters, discarded_too=act.kind != "discard")
    if act.kind == "discard":
        done, theirs = desk.discard(letters, told)
        return _lost(done, theirs, f"{done:,} discarded. Their bytes stay; retry undoes it.")
    plan = desk.plan(letters)
    if plan.sendable:
        desk.check_readers()
    desk.supersede(plan)
    overtaken = f" {len(plan.superseded):,} superseded: the shop has taken their rows since." if plan.superseded else ""
    refused = f" {len(plan.refusals):,} cannot be sent: {'; '.join(plan.refusals[:NAMED])}." if plan.refusals else ""
    if not plan.sendable:
        return LettersEnded((overtaken + refused).strip(), len(plan.superseded), len(plan.refusals), not overtaken)
    ended = desk.retry(plan, STEADY, told)
    return _after(ended, overtaken + refused, len(plan.refusals))


def _after(ended: Retried, more: str, refusals: int) -> LettersEnded:
    text = f"{ended.summary[0].upper()}{ended.summary[1:]}{more}"
    if not ended.sent:
        return _lost(0, list(ended.theirs), text)
    return LettersEnded(text, ended.sent - len(ended.failed), len(ended.failed) + refusals)


def _lost(done: int, theirs: list[str], text: str) -> LettersEnded:
    named = f" {'; '.join(theirs[:NAMED])}." if theirs else ""
    return LettersEnded(text + named, done, len(theirs), is_refused=bool(theirs) and not done)


async def _in_thread(work: Callable[[], Result]) -> Result:
    """In a thread that nobody waits for at the end of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001  it is raised where it is awaited
            _settle(loop, partial(_fail, future, error))
        else:
            _settle(loop, partial(_end, future, result))

    threading.Thread(target=run, name="letters", daemon=True).start()
    return await future


def _settle(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits
        loop.call_soon_threadsafe(end)


def _end(future: "asyncio.Future[Result]", result: Result) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Result]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
