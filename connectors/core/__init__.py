"""What every connector shares: ports, errors, HTTP, sign-in, manifest, registry."""
