"""Sources: what puts the outside world on input topics.  The gateway takes signed orders over HTTP."""
