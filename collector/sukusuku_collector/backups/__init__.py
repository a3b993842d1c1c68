"""Tells the operator when the last good backup is too old."""
