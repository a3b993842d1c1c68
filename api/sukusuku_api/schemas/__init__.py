"""Response models of the HTTP API."""
