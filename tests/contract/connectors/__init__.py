"""One module per connector: how the contract suite opens it, uses it, and reads its recordings."""
