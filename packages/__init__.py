"""Builds the Debian packages of the edge agent and of the server: `python -m packages`."""
