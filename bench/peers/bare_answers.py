"""The least that a server in Python does: aiohttp, one answer of the same size for every question, nothing looked up.

`python -m bench.peers.bare_answers --port N` serves until it is ended.
"""

import argparse
import json

from aiohttp import web

ANSWER = json.dumps(
    {"sku": "SKU-0000001", "quantity": "1", "available": True, "left": "42", "checked": "cache", "age_seconds": 1.234}
)


async def _answer(_request: web.Request) -> web.Response:
    return web.Response(text=ANSWER, content_type="application/json")


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--port", type=int, required=True)
    app = web.Application()
    app.router.add_get("/{any:.*}", _answer)
    web.run_app(app, host="127.0.0.1", port=given.parse_args().port, print=None, access_log=None)


if __name__ == "__main__":
    main()
