"""Tells the operator when a certificate ends soon, by which edge nodes and broker know each other."""
