"""Programs that the lines start: the product's parts alone, and stand-ins that take next to no time."""
