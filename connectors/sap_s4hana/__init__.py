"""SAP S/4HANA: sales orders.  What this speaks, needs and refuses is in README.md."""
