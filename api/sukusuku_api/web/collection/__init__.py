"""The page of collection."""
