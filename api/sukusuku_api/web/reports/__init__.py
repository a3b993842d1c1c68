"""The page of reports: issue one, print it again, see what would differ by now."""
