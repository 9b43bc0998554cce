"""One module per target role: command in, port call, outcome out.  Vendors are behind ports."""
