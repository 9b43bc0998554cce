"""One module per ERP: how the suite of `OrderEventSource` opens it and lets things happen.  Each has `CASES`."""
