"""Benchmarks: what the product does per second and core, beside what others do in the same minute (`make bench`)."""
