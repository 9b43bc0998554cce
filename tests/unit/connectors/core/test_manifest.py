"""A manifest answers every rule, or it is refused with the names that are wrong."""

import tomllib
from pathlib import Path

import pytest

from connectors.core import manifest, registry
from connectors.core.errors import ConfigurationError

ANSWERS: dict[str, str] = dict.fromkeys(manifest.RULES, '"done"')


def _write(folder: Path, answers: dict[str, str], *, name: str = "acme") -> Path:
    folder = folder / "acme"
    folder.mkdir()
    rules = "\n".join(f"{rule} = {answer}" for rule, answer in answers.items())
    head = f"""
        name = "{name}"
        product = "Acme"
        summary = "An example."
        ports = ["stock"]
        api_versions = ["1"]
        auth = ["token"]
        operations = {{}}
        limits = {{}}
    """
    (folder / manifest.FILE_NAME).write_text(f"{head}\n[rules]\n{rules}\n", encoding="utf-8")
    return folder


def test_a_complete_manifest_is_read(tmp_path: Path) -> None:
    answers = ANSWERS | {"pagination": '{ status = "exempt", why = "every list fits one answer" }'}

    read = manifest.read(_write(tmp_path, answers))

    assert read.name == "acme"
    assert read.rules["timeouts"] == "done"
    assert isinstance(read.rules["pagination"], manifest.Exempt)


@pytest.mark.parametrize("rule", manifest.RULES)
def test_a_rule_without_an_answer_is_named(tmp_path: Path, rule: str) -> None:
    answers = {name: answer for name, answer in ANSWERS.items() if name != rule}

    with pytest.raises(ConfigurationError, match=rule):
        manifest.read(_write(tmp_path, answers))


@pytest.mark.parametrize(
    "answers",
    [
        ANSWERS | {"invented": '"done"'},
        ANSWERS | {"timeouts": '"later"'},
        ANSWERS | {"timeouts": "true"},
        ANSWERS | {"timeouts": '{ status = "exempt" }'},
        ANSWERS | {"timeouts": '{ status = "exempt", why = "no" }'},
        ANSWERS | {"timeouts": '{ status = "done", why = "because it is so" }'},
    ],
)
def test_an_answer_that_is_none_is_refused(tmp_path: Path, answers: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        manifest.read(_write(tmp_path, answers))


def test_a_manifest_in_the_wrong_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="other"):
        manifest.read(_write(tmp_path, ANSWERS, name="other"))


def test_a_broken_file_is_a_configuration_error(tmp_path: Path) -> None:
    folder = _write(tmp_path, ANSWERS)
    (folder / manifest.FILE_NAME).write_text("name = ", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=manifest.FILE_NAME):
        manifest.read(folder)


def test_connectors_are_found_by_their_manifest() -> None:
    assert "adobe_commerce" in registry.names()
    assert "core" not in registry.names()


def test_a_connector_is_loaded_by_name_with_its_settings() -> None:
    connector = registry.load("adobe_commerce")

    assert connector.settings.__module__ == "connectors.adobe_commerce.settings"
    assert connector.manifest.product == "Adobe Commerce"


@pytest.mark.parametrize("name", ["", "core", "nobody", "../adobe_commerce", "adobe_commerce.settings"])
def test_an_unknown_name_is_refused_and_the_known_ones_are_listed(name: str) -> None:
    with pytest.raises(ConfigurationError, match="adobe_commerce"):
        registry.load(name)


def test_the_manifest_is_plain_toml() -> None:
    text = (Path(manifest.__file__).parents[1] / "adobe_commerce" / manifest.FILE_NAME).read_text(encoding="utf-8")

    assert tomllib.loads(text)["name"] == "adobe_commerce"
