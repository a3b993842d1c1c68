"""The page of one unit: its level over time, what is ahead, what is wrong, and what staff can do."""
