"""One module per source: how the suite of the reference ports opens it and changes rows.  Each has `CASES`."""
