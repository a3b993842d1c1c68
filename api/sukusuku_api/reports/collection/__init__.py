"""The report on collection: what was collected, by which visits, and what it was worth."""
