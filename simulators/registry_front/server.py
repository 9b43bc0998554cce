"""Starts the door before a registry, in process or as a process of its own."""

import argparse
from collections.abc import Sequence
from urllib.parse import urlsplit

from simulators.core import launch
from simulators.core.server import ServerOptions, Simulator
from simulators.registry_front.vendor import Door


class RegistryFront(Simulator):
    """`async with RegistryFront("http://127.0.0.1:8081") as front: front.url`.

    Raises ValueError where `behind` is no address.
    """

    def __init__(self, behind: str, options: ServerOptions | None = None) -> None:
        if not urlsplit(behind).hostname:
            raise ValueError(f"settings: behind must be the address of a registry; got {behind!r}")
        super().__init__(Door(behind), options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; exit codes and the line on start are those of `simulators.core.launch.serve`."""
    parser = launch.parser(
        "registry_front",
        description="A door before a schema registry, which can be made to fail.  Rules",
        example="""--port 8094 --settings '{"behind": "http://127.0.0.1:8081"}'""",
    )
    return launch.serve("registry-front", parser.parse_args(arguments), _front, lambda _: {})


def _front(options: argparse.Namespace) -> RegistryFront:
    return RegistryFront(str(launch.sent_settings(options).get("behind", "")), launch.server_options(options))
