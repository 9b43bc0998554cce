"""Sources: what puts the outside world on input topics.  The gateway takes orders over HTTP, the poll asks for them."""
