"""What the worker shows: probes, metrics, JSON and status pages, all rendered from the same facts."""
