"""`commerce-streams demo`: a story of about three minutes on real Kafka, with its result checked."""
