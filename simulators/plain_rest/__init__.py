"""What stand-ins have in common whose contract is an `openapi.json` of this project: doors, documents, answers."""
