from pathlib import Path

import pytest

from simulators.local_stack.errors import DownloadFailedError
from simulators.local_stack.repository import Repository, from_address, known_repository, settings_mirror

SETTINGS = """<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">
 <mirrors><mirror><id>corp</id><mirrorOf>{of}</mirrorOf><url>https://maven.example.org/all/</url>{more}</mirror></mirrors>
 <servers><server><id>corp</id><username>reader</username><password>${{env.MAVEN_PASSWORD}}</password></server></servers>
</settings>"""


def test_a_login_in_the_address_is_used_and_never_shown() -> None:
    repository = from_address("https://reader:se%40cret@maven.example.org/all/")

    assert (repository.base, repository.login) == ("https://maven.example.org/all", "reader:se@cret")
    assert "se@cret" not in repr(repository)


@pytest.mark.parametrize("url", ["file:///etc", "maven.example.org", "ftp://reader:secret@maven.example.org"])
def test_an_address_that_is_not_http_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(DownloadFailedError) as refused:
        from_address(url)

    assert "MAVEN_REPOSITORY_URL" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("of", ["central", "*", "external:*", "other,central"])
def test_a_mirror_of_central_comes_with_its_login(of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAVEN_PASSWORD", "secret")

    mirror = settings_mirror(SETTINGS.format(of=of, more=""))

    assert mirror == Repository("https://maven.example.org/all", "reader:secret")


@pytest.mark.parametrize(("of", "more"), [("other", ""), ("*,!central", ""), ("*", "<blocked>true</blocked>")])
def test_a_mirror_of_something_else_is_not_used(of: str, more: str) -> None:
    assert settings_mirror(SETTINGS.format(of=of, more=more)) is None


def test_settings_that_cannot_be_read_are_named() -> None:
    with pytest.raises(DownloadFailedError, match=r"settings\.xml is not well-formed"):
        settings_mirror("<settings><mirrors>")


def test_the_environment_comes_before_the_settings_and_these_before_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = known_repository()
    settings = tmp_path / "home" / ".m2" / "settings.xml"
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS.format(of="*", more=""))
    from_settings = known_repository()
    monkeypatch.setenv("MAVEN_REPOSITORY_URL", "http://127.0.0.1:1/maven/")
    from_environment = known_repository()

    assert default.base.startswith("https://")
    assert from_settings.base == "https://maven.example.org/all"
    assert from_environment.base == "http://127.0.0.1:1/maven"
