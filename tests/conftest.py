"""Fixtures and settings that every kind of test shares; nothing else."""

from hypothesis import HealthCheck, settings

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")
"""How long an example takes says how busy the machine is, nothing about the rule."""
