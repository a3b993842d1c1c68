"""Reads that several pages, resources and reports share."""
