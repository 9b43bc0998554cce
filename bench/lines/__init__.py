"""One module per line of the table; each has ABOUT and `run`."""
