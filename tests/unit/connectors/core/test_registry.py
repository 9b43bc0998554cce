"""A connector is loaded by its folder's name, and refused in words where the folder does not keep the form."""

import itertools
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from connectors.core import manifest, registry
from connectors.core.errors import ConfigurationError

SETTINGS = "from connectors.core.settings import ConnectorSettings\n\nclass Settings(ConnectorSettings): ...\n"
OPENING = "def open_ports(settings, dependencies): ...\n"
_NUMBERS = itertools.count()

Write = Callable[[str, str], None]


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes the two modules of the connector `acme`, in a package of its own."""
    package = f"connectors_of_test_{next(_NUMBERS)}"
    folder = tmp_path / package / "acme"
    folder.mkdir(parents=True)
    (tmp_path / package / "__init__.py").touch()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "_PACKAGE", package)
    text = (files("connectors") / "adobe_commerce" / manifest.FILE_NAME).read_text()

    def write(settings: str, opening: str) -> None:
        (folder / manifest.FILE_NAME).write_text(text.replace('name = "adobe_commerce"', 'name = "acme"'))
        (folder / "settings.py").write_text(settings)
        (folder / "opening.py").write_text(opening)

    yield write
    for name in [name for name in sys.modules if name.startswith(package)]:
        del sys.modules[name]


def test_every_folder_with_a_manifest_is_a_connector() -> None:
    assert "adobe_commerce" in registry.names()
    assert "core" not in registry.names()


def test_a_connector_is_loaded_with_its_settings_and_its_way_to_be_opened(acme: Write) -> None:
    acme(SETTINGS, OPENING)

    loaded = registry.load("acme")

    assert (loaded.name, loaded.manifest.name, loaded.settings.__name__) == ("acme", "acme", "Settings")
    assert loaded.open.__name__ == "open_ports"


def test_a_name_that_nobody_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no connector 'nobody'; there are: .*adobe_commerce"):
        registry.load("nobody")


@pytest.mark.parametrize(
    ("settings", "opening", "wrong"),
    [
        ("", OPENING, "settings has no Settings"),
        (SETTINGS, "", "opening has no open_ports"),
        ("class Settings: ...\n", OPENING, "Settings must extend ConnectorSettings"),
        ("Settings = 5\n", OPENING, "Settings must extend ConnectorSettings"),
        (SETTINGS, "open_ports = 5\n", "open_ports must be callable"),
    ],
    ids=["no settings", "nothing to open with", "settings of another kind", "no class", "not callable"],
)
def test_a_folder_that_does_not_keep_the_form_is_refused(acme: Write, settings: str, opening: str, wrong: str) -> None:
    acme(settings, opening)

    with pytest.raises(ConfigurationError, match=wrong):
        registry.load("acme")
