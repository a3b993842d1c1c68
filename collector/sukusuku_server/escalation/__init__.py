"""Whom to tell of an alert, when, and how often: what the engine does, and what pages say that it will do."""
