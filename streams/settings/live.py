"""The settings of a running process: where a secret's file was replaced, the new secret is in them.

Nothing else changes: the environment of a process is what it was, and the TOML file is read once.
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from pydantic import BaseModel

from streams.settings.given import given_by
from streams.settings.names import SettingsError
from streams.settings.read import read_connector, settings_of
from streams.settings.tree import Settings

Report = Callable[[str], None]
"""Takes the one line of a SettingsError."""
Model = TypeVar("Model", bound=BaseModel)


class LiveSettings:
    """`at_start` is what everything else goes by.  Raises SettingsError when it is made, and never later.

    A new secret that cannot be taken is told to `report`, once, and the one before it stays.
    """

    def __init__(self, environ: Mapping[str, str], report: Report) -> None:
        self._given = given_by(environ)
        self._report = report
        self._said = ""
        self._now = self.at_start = settings_of(self._given)

    def now(self) -> Settings:
        """The same object until a file was replaced; looking takes a few µs a file."""
        try:
            given = self._given.renewed()
            if given is not self._given:
                self._given = given  # also where it cannot be taken: only another change makes it worth a look
                self._now = settings_of(given)
                self._said = ""
        except SettingsError as error:
            self.say(str(error))
        return self._now

    def say(self, line: str) -> None:
        """Once, until something else was said or all was well."""
        if line != self._said:
            self._said = line
            self._report(line)


class LiveConnector(Generic[Model]):
    """The settings of one connector, from those of the process."""

    def __init__(self, live: LiveSettings, name: str, at_start: Model) -> None:
        self._live, self._name = live, name
        self._of, self._now = live.at_start, at_start

    def now(self) -> Model:
        settings = self._live.now()
        if settings is not self._of:
            self._of = settings
            try:
                self._now = read_connector(type(self._now), self._name, settings.connectors.get(self._name, {}))
            except SettingsError as error:
                self._live.say(str(error))
        return self._now
