"""What the connector makes of an accounting system that misbehaves, judged by the books' own journal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.core.errors import (
    ConfigurationError,
    ConnectorError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from simulators.rest_finance import Settings as BookSettings
from tests.contract.finance_target import BOOKING, Opened, booking
from tests.contract.rest_books import RestBooks, credential, rest_finance

pytestmark = pytest.mark.anyio

DOCUMENTS = "/v1/documents/"
IMPATIENT = {"timeout_s": 1, "connect_timeout_s": 1}
WHOLE = {BOOKING.reference: [BOOKING.amount]}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def broken(**rule: object) -> AsyncIterator[tuple[Opened, RestBooks]]:
    async with rest_finance(settings=IMPATIENT if rule["kind"] == "hang" else None) as finance:
        assert isinstance(finance.books, RestBooks)
        await finance.books.break_with(**rule)
        yield finance, finance.books


@pytest.mark.parametrize(
    ("kind", "effect"), [("drop-answer", True), ("half-body", True), ("reset", False), ("hang", False)]
)
async def test_a_lost_answer_is_unknown_and_the_same_put_settles_it(kind: str, effect: bool) -> None:  # noqa: FBT001
    async with broken(kind=kind, methods=["PUT"], times=1, delay_s=60) as (finance, books):
        with pytest.raises(UnknownOutcomeError):
            await finance.target.post(BOOKING)
        assert (await finance.amount() is not None) is effect

        await finance.target.post(BOOKING)

        assert await books.entries() == WHOLE


async def test_a_put_that_takes_effect_after_its_repetition_is_no_second_entry() -> None:
    async with broken(kind="late-effect", methods=["PUT"], times=1, delay_s=0.7) as (finance, books):
        with pytest.raises(UnknownOutcomeError):
            await finance.target.post(BOOKING)

        await finance.target.post(BOOKING)
        async with asyncio.timeout(10):
            while "late-effect" not in [entry["kind"] for entry in await books.journal()]:
                await finance.target.check()

        assert await books.entries() == WHOLE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RejectedPayloadError),
        (403, UnauthorizedError),
        (404, ConfigurationError),
        (409, RejectedPayloadError),
        (422, RejectedPayloadError),
        (429, RateLimitedError),
        (500, UnknownOutcomeError),
        (502, UnknownOutcomeError),
        (503, TargetUnavailableError),
        (504, UnknownOutcomeError),
    ],
)
async def test_a_refusal_has_its_class_and_booked_nothing(status: int, expected: type[ConnectorError]) -> None:
    rule = {"kind": "status", "status": status, "retry_after": "5", "methods": ["PUT"], "path": DOCUMENTS, "times": 1}
    async with broken(**rule) as (finance, books):
        with pytest.raises(ConnectorError) as told:
            await finance.target.post(BOOKING)

        assert type(told.value) is expected
        if isinstance(told.value, RateLimitedError | TargetUnavailableError):
            assert told.value.retry_after is not None
            assert told.value.retry_after.total_seconds() == 5
        assert await books.entries() == {}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_read_that_fails_is_never_of_unknown_outcome(status: int) -> None:
    async with broken(kind="status", status=status, methods=["GET"], path=DOCUMENTS) as (finance, _):
        with pytest.raises(TargetUnavailableError):
            await finance.target.find_documents(BOOKING.reference)


async def test_a_token_that_ended_is_replaced_once_and_the_document_is_booked() -> None:
    async with rest_finance() as finance:
        assert isinstance(finance.books, RestBooks)
        await finance.target.check()
        await finance.books.break_with(kind="expire-sessions", times=1)

        await finance.target.post(BOOKING)

        steps = [(entry["path"].rpartition("/")[2], entry["status"]) for entry in await finance.books.journal()]
        assert steps[-3:] == [(BOOKING.reference, 401), ("token", 200), (BOOKING.reference, 201)]


async def test_a_wrong_secret_opens_nothing_and_the_journal_holds_no_secret() -> None:
    async with rest_finance(settings={"auth": credential() | {"client_secret": "wrong"}}) as finance:
        assert isinstance(finance.books, RestBooks)
        with pytest.raises(UnauthorizedError):
            await finance.target.check()

        assert "wrong" not in str(await finance.books.journal())


async def test_a_credential_that_may_only_read_is_unauthorized_to_write() -> None:
    async with rest_finance(books=BookSettings(read_only=True)) as finance:
        await finance.target.check()
        with pytest.raises(UnauthorizedError):
            await finance.target.post(BOOKING)


@pytest.mark.parametrize(
    ("books", "fields", "words"),
    [
        (BookSettings(accounts=("C-1",)), ("account",), "the books know no such account"),
        (BookSettings(currencies=("EUR",)), ("currency",), "not kept in this currency"),
        (BookSettings(closed_through="2026-03"), ("happened_at",), "open the period, then release the order"),
    ],
)
async def test_what_the_books_refuse_is_told_with_what_a_person_can_do(
    books: BookSettings, fields: tuple[str, ...], words: str
) -> None:
    async with rest_finance(books=books) as finance:
        with pytest.raises(RejectedPayloadError) as told:
            await finance.target.post(BOOKING)

        assert told.value.fields == fields
        assert words in told.value.message
        assert await finance.books.entries() == {}


async def test_a_locked_document_says_that_it_must_be_unlocked() -> None:
    async with rest_finance() as finance:
        await finance.target.post(BOOKING)
        await finance.books.lock(BOOKING.reference)

        with pytest.raises(RejectedPayloadError) as told:
            await finance.target.post(booking(amount=1))

        assert "unlock it" in told.value.message


async def test_books_that_show_an_amount_late_are_asked_again_and_corrected_once() -> None:
    async with rest_finance(settings={"read_lag_s": 3600}, books=BookSettings(read_lag_s=3600)) as finance:
        await finance.target.post(booking(amount=10_000_000))
        assert await finance.amount() is None
        assert finance.target.read_lag.total_seconds() == 3600

        for _ in range(2):
            await finance.target.post(booking(amount=30_000_000))

        assert await finance.books.entries() == {BOOKING.reference: [10_000_000, 20_000_000]}


async def test_books_that_round_are_told_to_a_person() -> None:
    """A repetition would never end."""
    rounded: dict[str, Any] = {"reference": BOOKING.reference, "kind": "invoice", "number": "INV-1"}
    body = rounded | {"currency": "USD", "amount": "1121", "status": "POSTED"}
    async with broken(kind="status", status=200, body=body, methods=["PUT"]) as (finance, _):
        with pytest.raises(RejectedPayloadError) as told:
            await finance.target.post(BOOKING)

        assert "INV-1 with another amount" in told.value.message


async def test_the_words_of_a_refusal_are_not_repeated() -> None:
    body = {"code": "bad-account", "message": "Test Buyer owes us", "fields": ["account", "Test Buyer"]}
    async with broken(kind="status", status=422, body=body, methods=["PUT"]) as (finance, _):
        with pytest.raises(RejectedPayloadError) as told:
            await finance.target.post(BOOKING)

        assert "Buyer" not in f"{told.value} {told.value.fields}"
        assert told.value.fields == ("account",)
        assert "bad-account" in str(told.value)


async def test_a_wrong_address_is_not_a_missing_document() -> None:
    async with rest_finance(below="/elsewhere") as finance:
        with pytest.raises(ConfigurationError):
            await finance.target.find_documents("nobody")
