"""Tells the operator how the document of the settings is: wrong, right again, in want of a restart."""
