"""Starts the simulated Commerce, in process or as a process of its own."""

import argparse
from collections.abc import Sequence

from simulators.adobe_commerce.settings import Settings, changed
from simulators.adobe_commerce.state import Seed
from simulators.adobe_commerce.vendor import IMS_PATH, AdobeCommerce
from simulators.core import launch, wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.server import ServerOptions, Simulator


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

    async def stop(self) -> None:
        """Events that are under way end first."""
        await self.commerce.events.stop()
        await super().stop()

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
    """Serve until SIGTERM or SIGINT; exit codes and the line on start are those of `simulators.core.launch.serve`."""
    return launch.serve(
        "adobe-commerce",
        _parser().parse_args(arguments),
        _simulator,
        lambda simulator: {"base_url": simulator.base_url},
    )


def _simulator(options: argparse.Namespace) -> AdobeCommerceSimulator:
    settings = changed(Settings(mode=options.mode, seed=options.seed), launch.sent_settings(options))
    simulator = AdobeCommerceSimulator(settings, launch.server_options(options))
    if options.products is not None:
        document = wire.encode({"products": options.products, "source_items": {"quantity": 0, "status": 0}})
        simulator.commerce.replace_state(document)
    return simulator


def _parser() -> argparse.ArgumentParser:
    parser = launch.parser(
        "adobe_commerce",
        description="A stand-in for Adobe Commerce.  Rules and settings",
        example="--port 8080 --journal out/commerce.jsonl --products 1000",
    )
    parser.add_argument("--mode", choices=("paas", "saas"), default="paas", help="edition (default: paas)")
    parser.add_argument("--products", type=int, default=None, metavar="N", help="N products SKU-00001 …, quantity 0")
    return parser
