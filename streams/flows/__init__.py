"""One module per business flow: topic in, domain decision, table and commands out.  Flows never call a target."""
