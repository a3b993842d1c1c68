"""Figures of rooms and units held against the truth of simulated months."""
