"""NetSuite: sales orders.  What this speaks, needs and refuses is in README.md."""
