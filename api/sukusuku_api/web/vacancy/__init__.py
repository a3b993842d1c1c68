"""The public board of free places."""
