"""Faust's consumer, recovery and table manager with strict rules: what may be committed, delivered, and when.

What changes against stock Faust, and why, stands in each module; `install` puts it into an app.
Private parts of faust-streaming 0.15.3 and aiokafka 0.14.0 are used: both are pinned.
"""
