"""Proofs that take minutes: commands of their own, not part of `make test`."""
