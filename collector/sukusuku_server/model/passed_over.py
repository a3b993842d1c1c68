"""Why metrics of an edge node or gateway are passed over by design. The collector counts them, the API shows it."""

REASONS = {
    "unmapped": "they have no place here: map them in [[gateway]] of facility.toml (a draft: `sukusuku tap --suggest`)",
    "type": "templates, data sets, arrays, bytes and files are not read",
}
"""In words, with what a person can do."""
UNDER = "passed-over/"
"""How all keys begin."""


def passed_over_key(node: str, reason: str) -> str:
    """Under which it is noted how many metrics of a node are passed over, for a reason of `REASONS`."""
    return f"{UNDER}{node}/{reason}"
