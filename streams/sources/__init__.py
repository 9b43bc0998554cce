"""Sources: what puts the outside world on input topics.  The gateway takes orders over HTTP, and what names them."""
