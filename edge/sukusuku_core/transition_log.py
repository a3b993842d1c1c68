"""Log lines for lasting troubles: one when a trouble begins or changes, one when it ends."""

import logging


class Journal:
    """Remembers what has been said about each subject, so that a dead device does not fill the log."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: dict[str, str] = {}

    def trouble(self, subject: str, text: str) -> None:
        """Something is wrong; says so unless it was said already."""
        if self._said.get(subject) != text:
            self._said[subject] = text
            self._log.warning("%s: %s", subject, text)

    def fine(self, subject: str, text: str) -> None:
        """All is well; says so when it was not before."""
        if self._said.pop(subject, None) is not None:
            self._log.info("%s: %s", subject, text)
