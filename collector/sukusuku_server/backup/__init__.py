"""Copies of everything that a facility keeps, which hold all that was there at one moment, and bringing them back."""
