"""Fixtures that every kind of test shares; nothing else."""
