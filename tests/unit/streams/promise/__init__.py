"""Stock joined with orders: the product's flows and sinks against the simulated Commerce."""
