"""Reads files of bookings, and keeps nothing of them but counts. Pure."""
