"""Channels that place orders: a web shop and dealers, seeded, with repeats and reorderings as real ones make them."""
