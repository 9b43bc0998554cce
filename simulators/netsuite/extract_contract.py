"""Makes contract.json: the structure (names, types, required, patterns) of a schema file of SuiteTalk REST, no prose.

    python -m simulators.netsuite.extract_contract netsuite-rest.schema.json > simulators/netsuite/contract.json

Oracle publishes no such file: the one read here was written by hand from the REST API Browser, release 2026.1, and
Oracle's help; what stands in it without a source is general knowledge.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Json = dict[str, Any]  # a JSON schema: its shape is its meaning

KEPT_SCHEMAS = ("salesOrder", "nsError", "suiteqlPage")
KEPT_KEYS = ("type", "format", "enum", "pattern", "required", "readOnly")
KEPT_OPERATIONS = ("upsert", "create", "suiteql", "transform")


def main(arguments: Sequence[str]) -> int:
    document = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    extract = {
        "operations": [
            {"method": one["method"], "path": one["path"]}
            for one in document["x-operations"]
            if one["op"] in KEPT_OPERATIONS
        ],
        "schemas": {name: structure(document["$defs"][name]) for name in KEPT_SCHEMAS},
    }
    sys.stdout.write(json.dumps(extract, indent=1) + "\n")
    return 0


def structure(schema: Mapping[str, Any]) -> Json:
    """The schema without its prose."""
    kept: Json = {key: schema[key] for key in KEPT_KEYS if key in schema}
    if "properties" in schema:
        kept["properties"] = {name: structure(inner) for name, inner in schema["properties"].items()}
    if "items" in schema:
        kept["items"] = structure(schema["items"])
    return kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
