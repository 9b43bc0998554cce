"""Accounts of a Salesforce org as the port `AccountSource`: asked for by `SystemModstamp`, one page a call."""

from collections.abc import Awaitable, Callable

from connectors.core.changes import Cursor, read_cursor
from connectors.core.errors import ConfigurationError, TargetUnavailableError
from connectors.core.reference_ports import ReferencePage
from connectors.salesforce import account_mapping
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.settings import Settings
from schemas.models.reference import Account

MICROS = 1_000_000


class SalesforceAccounts:
    """`SystemModstamp` is in UTC and is moved by every change, those of jobs too."""

    def __init__(self, client: SalesforceClient, settings: Settings, release: Callable[[], Awaitable[None]]) -> None:
        self._client, self._settings, self._release = client, settings, release

    async def accounts(self, cursor: str) -> ReferencePage[Account]:
        """See the port.

        Raises:
            ConfigurationError: no cursor of ours, or a field of README.md that the org does not have.
            TargetUnavailableError: rows that nobody can read.
        """
        known = read_cursor(cursor, now=0)
        if known.behind and not known.behind.isalnum():
            raise ConfigurationError(f"{cursor[:40]!r} is no cursor of this connector")
        since = known.newest if known.behind else max(0, known.newest - self._settings.overlap_s * MICROS)
        limit = self._settings.page_size
        rows = await self._client.changed_accounts(account_mapping.to_moment(since), known.behind, limit)
        try:
            changed: list[int] = [account_mapping.from_moment(row.modified) for row in rows]
        except ValueError as exc:
            raise TargetUnavailableError(f"a query answered rows that cannot be used: {exc}") from exc
        made = [account_mapping.to_account(row, at) for row, at in zip(rows, changed, strict=True)]
        told = [one for one in made if one is not None]
        if len(rows) < limit:
            return ReferencePage(told, Cursor(newest=max([known.newest, *changed])).text(), is_end=True)
        return ReferencePage(told, Cursor(newest=changed[-1], behind=rows[-1].id).text(), is_end=False)

    async def check(self) -> None:
        """One row, or none: proves the right to read accounts, and that the fields of README.md are there."""
        await self._client.changed_accounts(account_mapping.to_moment(0), "", 1)

    async def close(self) -> None:
        await self._release()
