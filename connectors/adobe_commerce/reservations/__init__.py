"""What Commerce says of its reservations, which it does not list: stocks, salable quantities, open orders."""
