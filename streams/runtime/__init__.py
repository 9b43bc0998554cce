"""The shell, written once: what keeps the promise around every rule and every call."""
