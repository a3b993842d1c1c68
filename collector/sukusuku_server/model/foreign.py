"""Words that somebody else has said in the collector's name. The collector counts them, the API shows it."""

CLAIMS = "foreign/claims"
"""Under which it is noted how many collectors have said, without a proof, that they came first; since the start."""
STATES = "foreign/states"
"""The same for STATE messages on our topic."""
