"""How soon a broker that went away is tried again."""

from sukusuku_core.backoff import Backoff


def reconnect_backoff() -> Backoff:
    """Return the pauses (s) between attempts to reach a broker: from half a second to five."""
    return Backoff(0.5, 5.0, jitter=0.5)
