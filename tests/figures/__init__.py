"""Figures held against a second implementation, which knows nothing of the product's code."""
