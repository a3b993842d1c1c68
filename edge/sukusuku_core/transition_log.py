"""Log lines for lasting problems: one when a problem begins or changes, one when it is over."""

import logging


class TransitionLog:
    """Remembers what was said about each subject, so that a dead device does not fill the log."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: dict[str, str] = {}

    def problem(self, subject: str, text: str, cause: object = None) -> None:
        """Log a problem, unless the same text was said of the subject already; another `cause` alone is not news."""
        if self._said.get(subject) == text:
            return
        self._said[subject] = text
        if cause is None:
            self._log.warning("%s: %s", subject, text)
        else:
            self._log.warning("%s: %s: %s", subject, text, cause)

    def recovered(self, subject: str, text: str) -> None:
        """Log that a problem is over, if there was one."""
        if self._said.pop(subject, None) is not None:
            self._log.info("%s: %s", subject, text)
