"""Programs that are measured against, each run in an environment of its own; they know nothing of the product."""
