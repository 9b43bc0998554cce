"""Records of a log through the product's own flow and lane, beside the workers: nothing leaves this process."""
