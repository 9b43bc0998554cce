"""`commerce-streams demo`: a story of about 90 seconds on real Kafka, with its result checked."""
