"""In-memory implementations of ports; each passes the same suite as the real one."""
