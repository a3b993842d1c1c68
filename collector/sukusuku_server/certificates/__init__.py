"""Certificates of edge nodes: who signs them, and when the ones of this facility end."""
