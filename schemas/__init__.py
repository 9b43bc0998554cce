"""The contracts: Avro schemas, the frozen models they become, examples, catalogue and codec."""
