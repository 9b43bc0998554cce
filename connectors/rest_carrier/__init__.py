"""Any carrier, or a shipping system before several, that offers the small REST contract in `openapi.json`."""
