"""One module per ERP: how the suite of `OrderTarget` opens it and looks behind it.  Each has `CASES`."""
