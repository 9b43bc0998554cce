"""The probes of a process that takes no requests: alive, ready, metrics."""

import logging

from aiohttp import web

from streams.runtime.health import Health
from streams.sources.answers import set_headers
from streams.sources.probes import add_probes
from streams.sources.server import NotListeningError


class ProbeServer:
    """`start`, then `stop` once; `setting` names where the port comes from."""

    def __init__(self, host: str, port: int, health: Health, setting: str) -> None:
        self._host, self._port, self._setting = host, port, setting
        app = web.Application()
        app.on_response_prepare.append(set_headers)
        add_probes(app, health)
        silent = logging.getLogger("streams.probes.http")
        silent.disabled = True
        self._runner = web.AppRunner(app, access_log=None, logger=silent, shutdown_timeout=1)

    @property
    def url(self) -> str:
        """Once it is started."""
        host, port = self._runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def start(self) -> None:
        """Raises NotListeningError."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise NotListeningError(
                f"{self._setting}={self._port} on {self._host}: {error.strerror}; set another port, or 0 for any port"
            ) from None

    async def stop(self) -> None:
        await self._runner.cleanup()
