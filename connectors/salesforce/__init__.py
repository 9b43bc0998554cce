"""Salesforce: accounts, orders and their lines over the REST API."""
