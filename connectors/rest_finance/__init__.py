"""Any accounting system, or a bridge before one, that offers the small REST contract in `openapi.json`."""
