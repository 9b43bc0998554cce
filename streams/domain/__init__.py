"""Pure rules: frozen values in, frozen values out.  No clock, no I/O, no logging, no framework."""
