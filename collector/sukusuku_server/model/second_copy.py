"""What is noted of acknowledgements that wait for a second copy."""

from sukusuku_core.time import MINUTE_MS

WAITING = "second_copy.waiting"
"""Since when (UTC ms) the collector acknowledges nothing to some node, because InfluxDB lacks readings; 0: it does."""
LATE_MS = MINUTE_MS
"""So long one may wait before that is told."""
CURE = (
    'InfluxDB has not taken all readings, so with `[store] acknowledge = "replicated"` they are not acknowledged: they '
    "wait at the edge nodes, whose outboxes fill. Bring InfluxDB back; or leave that key out and restart the collector"
)
