"""A plain consumer's way with orders: every write of an order after the other, nothing side by side, nothing kept.

`python -m bench.peers.plain_orders --url URL --orders N --calls N` prints how many seconds that took.
"""

import argparse
import json
import time
import urllib.request

BODY = json.dumps({"sourceItems": [{"sku": "SKU-1", "source_code": "north", "quantity": 1, "status": 1}]}).encode()


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--url", required=True)
    given.add_argument("--orders", type=int, required=True)
    given.add_argument("--calls", type=int, required=True)
    options = given.parse_args()
    begun = time.perf_counter()
    for _order in range(options.orders):
        for _call in range(options.calls):
            _write(f"{options.url}/rest/all/V1/inventory/source-items")
    print(json.dumps({"seconds": time.perf_counter() - begun}))  # noqa: T201  its answer


def _write(url: str) -> None:
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data=BODY, headers=headers), timeout=30) as answer:
        answer.read()


if __name__ == "__main__":
    main()
