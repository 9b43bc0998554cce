"""The command line in this process: the same code, without the second that a process of its own takes to start."""

from collections.abc import Mapping

from click.testing import CliRunner, Result

from streams.cli.main import cli


def invoke(settings: Mapping[str, str], *arguments: str, answers: str | None = None) -> Result:
    """One command; `answers` is what is typed."""
    return CliRunner().invoke(cli, arguments, env=settings, input=answers, prog_name="commerce-streams")
