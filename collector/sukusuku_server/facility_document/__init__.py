"""The document that describes an operator: read, checked, changed with a history, and where it comes from."""
