"""Histories of levels from elsewhere: what the derivation makes of them."""
