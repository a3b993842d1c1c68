"""The page of a centre."""
