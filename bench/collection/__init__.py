"""Figures of collection: a simulated half year, and what the derivations make of it."""
