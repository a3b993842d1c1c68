"""A signed CloudEvents message to an address of the operator's choice."""
