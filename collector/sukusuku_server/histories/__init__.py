"""Histories from elsewhere: what other sensors and systems have written into CSV files."""
