"""How long a test waits for what should happen: so long that a busy machine is no reason to fail."""

PATIENCE = 180.0
"""Seconds. A test that waits does so for an event, and gives up only when that will never come."""
