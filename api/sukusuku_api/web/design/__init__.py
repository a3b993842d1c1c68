"""The page of the design: every part of which pages are made."""
