"""Rooms: how many there really are, how many there may be, and how the room is used over time. Pure."""
