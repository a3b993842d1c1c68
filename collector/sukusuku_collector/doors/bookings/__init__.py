"""Bookings from a watched folder, and from addresses."""
