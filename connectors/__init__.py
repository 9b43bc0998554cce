"""The targets: one folder per product, each speaking one vendor's API and deciding nothing."""
