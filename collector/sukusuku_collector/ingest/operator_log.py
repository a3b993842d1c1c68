"""What of the data path a person must read in the log, and what was told already."""

import logging

from sukusuku_collector.ingest.passed_over import SHOWN, News
from sukusuku_collector.ingest.row_builder import Batch
from sukusuku_collector.ingest.topic_routes import MAX_ROUTES
from sukusuku_core import drop_record
from sukusuku_core.errors import DecodeError
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.model.passed_over import REASONS

REPEAT_AFTER = MINUTE_MS
"""ms before the same topic is quarantined for the same reason again, where the sender keeps its data anyway."""
UNASSIGNED_AGAIN = HOUR_MS
"""ms before the log says again that readings of the same topic have no place."""

_log = logging.getLogger("sukusuku_collector.ingest.pipeline")


class OperatorLog:
    """Remembers what it has told."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], int] = {}
        self._losses: dict[str, int] = {}

    def is_news(self, topic: str, reason: str, now: int, again: int = REPEAT_AFTER) -> bool:
        """Whether this was not yet asked of this topic, or longer than `again` ago."""
        told = (topic, reason)
        if 0 <= now - self._told.get(told, -again) < again:
            return False
        if len(self._told) >= MAX_ROUTES:
            self._told.clear()
        self._told[told] = now
        return True

    def tell_refused(self, topic: str, error: DecodeError, now: int) -> None:
        """Log a birth that is not believed, once an hour."""
        if self.is_news(topic, f"birth {error.reason}", now, UNASSIGNED_AGAIN):
            _log.error("%s: the birth is refused, so nothing of it can be stored: %s", topic[:200], error.detail[:400])

    def tell_passed_over(self, news: News) -> None:
        """Log which metrics are passed over, each once."""
        more = len(news.fresh) - SHOWN
        _log.warning(
            "%s: metrics are passed over, %s: %s%s",
            news.node[:200],
            REASONS[news.why],
            ", ".join(name[:80] for name in news.fresh[:SHOWN]),
            f" (and {more} more)" if more > 0 else "",
        )

    def tell(self, batch: Batch) -> None:
        """Log what edge nodes had to drop, and whose readings have no place in `facility.toml`."""
        for item in batch.unassigned:
            if self.is_news(item.topic, item.reason, batch.now, UNASSIGNED_AGAIN):
                _log.error(
                    "%s: %s (%s); readings kept as unassigned until facility.toml has a place for them",
                    item.topic[:200],
                    item.detail,
                    item.reason,
                )
        for node, time, text in batch.losses:
            if time <= self._losses.get(node, -1):
                continue
            self._losses[node] = time
            found = drop_record.decode(text)
            _log.error(
                "edge node %s had to drop readings because its buffer was full: %s",
                node,
                text[:200] if found is None else drop_record.in_words(found),
            )
