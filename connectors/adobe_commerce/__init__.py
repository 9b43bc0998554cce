"""Adobe Commerce and Magento Open Source: stock.  What this speaks, needs and refuses is in README.md."""
