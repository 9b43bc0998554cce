"""NetSuite: sales orders and what became of them.  What this speaks, needs and refuses is in README.md."""
