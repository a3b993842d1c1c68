"""Doors to other people's systems, one folder each. Delete a folder, and that door is gone."""
