"""A logger of its own, whatever the process has configured, and what was said to it."""

import logging


class Lines(logging.Handler):
    """Collects what is logged: levels with messages, and the errors whose tracebacks are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append((record.levelname, record.getMessage()))
        if record.exc_info and record.exc_info[1] is not None:
            self.errors.append(record.exc_info[1])


def logger(lines: Lines) -> logging.Logger:
    log = logging.Logger("tests")  # noqa: LOG001 - not one of the process
    log.addHandler(lines)
    return log
