"""Frozen values that the rest of the project works with; no I/O, no vendor."""
