"""`docs`: writes the pages of docs/ that are made from the code, or says which ones are stale."""

import sys
from pathlib import Path

import click

from streams.cli.failures import FOUND_SOMETHING, CannotRunError
from streams.cli.output import say


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if a page is stale.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("docs"),
    show_default=True,
    help="Where the pages stand.",
)
def docs(*, check: bool, folder: Path) -> None:
    """Write configuration, topics, metrics, connectors, order states and words, and dead-letter reasons as Markdown.

    \b
    Example: commerce-streams docs --check
    """  # noqa: D301  click reads \b as "keep these lines"
    from streams.cli.doc_pages import PAGES  # noqa: PLC0415  heavy: every connector

    stale = [name for name, made in PAGES.items() if _content(folder / name) != made()]
    if check:
        for name in stale:
            say(f"{folder / name} is stale; write it with `commerce-streams docs`")
        sys.exit(FOUND_SOMETHING if stale else 0)
    for name in stale:
        _write(folder / name, PAGES[name]())
        say(f"wrote {folder / name}")
    if not stale:
        say(f"all {len(PAGES)} pages are up to date")


def _content(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return None


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRunError(f"{file}: {error.strerror}") from None
