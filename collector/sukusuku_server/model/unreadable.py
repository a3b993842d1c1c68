"""Why messages of an edge node or gateway cannot be read, and what helps. The collector notes it, the API shows it."""

CURES = {
    "no-birth": "no birth certificate came before its data: restart it, or let it answer `Node Control/Rebirth`",
    "alias": "an alias means no metric, or two: give each metric of the node its own, or switch aliases off",
    "two-nodes": "two edge nodes use this identity: stop one, or give it a node id of its own",
    "message": "its messages or births are refused: GET /api/v1/quarantine has the reason",
}
"""What a person can do, by reason."""
UNDER = "unreadable/"
"""How all keys begin."""


def unreadable_key(node: str, reason: str) -> str:
    """Under which it is noted since when (UTC ms) a node cannot be read, for a reason of `CURES`; 0: it can."""
    return f"{UNDER}{node}/{reason}"
