"""The devices that edge nodes report and nobody has assigned."""

from sukusuku_api.dependencies import Context
from sukusuku_server.facility_document.adoption import Candidate, candidates

_MESSAGES = 20
"""The newest of each topic: enough for the newest value of each metric."""
_QUARANTINED = 1_000


def found(context: Context) -> list[Candidate]:
    """Return them with their newest values. Raises TransientError when the store does not answer."""
    store = context.store.history
    topics = dict.fromkeys(tally.topic for tally in store.unassigned())
    waiting = [message for topic in topics for message in store.newest_unassigned(topic, _MESSAGES)]
    known = {(asset.edge, asset.id) for asset in context.whole.assets.values()}
    return [
        item
        for item in candidates(waiting, store.quarantine(_QUARANTINED))
        if item.reason == "unknown-zone" or (item.edge, item.device) not in known
    ]
