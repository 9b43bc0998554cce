"""A warehouse management system that produces stock traffic to Kafka and knows what a shop must then show."""
