"""The report on the use of rooms."""
