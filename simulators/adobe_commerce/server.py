"""Starts the simulated Commerce, in process or as a process of its own."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from simulators.adobe_commerce.settings import Settings, changed
from simulators.adobe_commerce.state import Seed
from simulators.adobe_commerce.vendor import IMS_PATH, AdobeCommerce
from simulators.core import wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions, Simulator, serve_until_signal


class AdobeCommerceSimulator(Simulator):
    """`async with AdobeCommerceSimulator() as simulator: simulator.url`."""

    def __init__(
        self,
        settings: Settings | None = None,
        options: ServerOptions | None = None,
        *,
        seed: Seed | None = None,
        clock: Clock | None = None,
    ) -> None:
        beat = clock or SystemClock()
        self.commerce = AdobeCommerce(settings, seed, beat)
        super().__init__(self.commerce, options, clock=beat)

    @property
    def base_url(self) -> str:
        """What a client is configured with: without /rest (PaaS), with the tenant (SaaS)."""
        settings = self.commerce.shop.settings
        return f"{self.url}/{settings.tenant}" if settings.mode == "saas" else self.url

    @property
    def ims_url(self) -> str:
        """Stands in for Adobe's token service."""
        return f"{self.url}{IMS_PATH}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT.  Prints one line of JSON with the address when requests are taken.

    Returns 0 after a clean stop, 2 where it cannot run (a wrong setting, a port that is taken).
    """
    options = _parser().parse_args(arguments)
    try:
        simulator = _simulator(options)
        asyncio.run(serve_until_signal(simulator, lambda: _announce(simulator)))
    except (ValueError, OSError) as problem:
        sys.stderr.write(f"adobe-commerce simulator on port {options.port}: {problem}\n")
        return 2
    return 0


def _simulator(options: argparse.Namespace) -> AdobeCommerceSimulator:
    sent: dict[str, object] = msgspec.json.decode(options.settings, type=dict[str, object])
    settings = changed(Settings(mode=options.mode, seed=options.seed), sent)
    server = ServerOptions(host=options.host, port=options.port, journal=options.journal, seed=options.seed)
    simulator = AdobeCommerceSimulator(settings, server)
    if options.products is not None:
        document = wire.encode({"products": options.products, "source_items": {"quantity": 0, "status": 0}})
        simulator.commerce.replace_state(document)
    return simulator


def _announce(simulator: AdobeCommerceSimulator) -> None:
    ready = {"name": simulator.commerce.name, "url": simulator.url, "base_url": simulator.base_url, "pid": os.getpid()}
    sys.stdout.write(wire.encode(ready).decode() + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.adobe_commerce",
        description="A stand-in for Adobe Commerce.  Rules and settings: simulators/adobe_commerce/README.md.",
        epilog="example: python -m simulators.adobe_commerce --port 8080 --journal out/commerce.jsonl --products 1000",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback)")
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one, printed on start)")
    parser.add_argument("--journal", type=Path, default=None, metavar="FILE", help="also write the journal to FILE")
    parser.add_argument("--mode", choices=("paas", "saas"), default="paas", help="edition (default: paas)")
    parser.add_argument("--products", type=int, default=None, metavar="N", help="N products SKU-00001 …, quantity 0")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything that is left to chance")
    parser.add_argument("--settings", default="{}", metavar="JSON", help="settings by name, as in README.md")
    return parser
