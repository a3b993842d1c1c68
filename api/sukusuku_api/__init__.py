"""HTTP API and web pages. Reads what the collector stores; never writes a measurement."""
