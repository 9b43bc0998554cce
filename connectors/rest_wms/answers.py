"""What the answers of a WMS mean, by the contract (`openapi.json`)."""

from connectors.core.problems import Problems

_PROBLEMS = Problems(absent="no-such-task")
read, refusal = _PROBLEMS.read, _PROBLEMS.refusal
read_stock = Problems(absent="no-such-sku").read
