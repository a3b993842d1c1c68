"""The server side: ingest, store, alerts, mail."""
