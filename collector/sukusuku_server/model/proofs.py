"""Whether an edge node believes unproved words. The collector notes it at each birth, the API shows it."""

from enum import IntEnum


class ProofState(IntEnum):
    """What the last birth of a node of ours has said about proofs. The numbers are in the store."""

    NO_KEY = 1
    """It has no key, and there is none for it here."""
    PROVED = 2
    """It has a key that is here."""
    NOT_ASKED = 3
    """There is a key for it here, which it does not use."""
    UNKNOWN_KEY = 4
    """It has a key that is not here: nothing of it can be acknowledged."""


CURES = {
    ProofState.NO_KEY: "whoever may publish on the broker can make it delete readings that nobody has stored: "
    "`sukusuku nodes FACILITY.toml key NODE`",
    ProofState.NOT_ASKED: "there is a key for it, which it does not use: `key_file` under [uplink] in its edge.toml",
    ProofState.UNKNOWN_KEY: "it has a key that is not known here, so its readings wait there: "
    "`sukusuku nodes FACILITY.toml key NODE`, and give it that one",
}
"""What a person can do."""


def proof_key(node: str) -> str:
    """Under which the state of a node is noted; 0: it was not born since the collector's start."""
    return f"proofs/{node}"
