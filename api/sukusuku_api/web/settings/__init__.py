"""The page on which the settings of the operator are seen, changed and taken back, and devices are adopted."""
