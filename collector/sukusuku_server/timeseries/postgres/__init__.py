"""Readings in PostgreSQL, for more than one machine; needs psycopg. How it is set up: docs/postgres.md."""
