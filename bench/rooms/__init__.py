"""Rooms over a simulated half year: how right the corrected occupancy is, beside the same without correction."""
