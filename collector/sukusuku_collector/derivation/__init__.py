"""Runs the derivations of units and rooms behind the stored readings."""
