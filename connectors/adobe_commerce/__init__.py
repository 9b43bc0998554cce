"""Adobe Commerce and Magento Open Source: stock and orders.  What this speaks, needs and refuses is in README.md."""
