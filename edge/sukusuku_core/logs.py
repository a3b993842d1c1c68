"""How the programs write their log: a line a record, as text, or as JSON for a collector of logs.

What devices, peers and people send stands in messages too. It can forge no second line, move no cursor and turn no
direction of writing, and it is cut.
"""

import argparse
import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import datetime

from sukusuku_core.time import JAPAN

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the request that is being answered; empty: none is."""
OPERATOR: ContextVar[str] = ContextVar("operator", default="")
"""The operator for whom something is done, in a process that works for several; empty: there is only one."""
TEXT, JSON = "text", "json"
LONGEST = 2_000
"""Characters of a message."""
_TRACEBACK = 16_000
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add `--log`."""
    parser.add_argument(
        "--log",
        choices=(TEXT, JSON),
        default=TEXT,
        help="form of the log on stderr: text, or a JSON object a line (default: %(default)s) · ログの形式",
    )


def begin(form: str = TEXT, level: int = logging.INFO) -> None:
    """Write the log to stderr from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == JSON else TextLines())
    logging.basicConfig(level=level, handlers=[handler])


class TextLines(logging.Formatter):
    """`2026-11-30 19:41:07,123 INFO sukusuku_collector [operator] [request] ready ...`, where there are such."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of the library
        """Return the line without a traceback."""
        message = _UNSAFE.sub(_escape, _cut(record.message))
        about = "".join(f"[{name}] " for name in (OPERATOR.get(), REQUEST.get()) if name)
        record.message = about + message
        return super().formatMessage(record)


class JsonLines(logging.Formatter):
    """An object a line: `time`, `level`, `logger`, `message`; where there are, `operator`, `request`, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = {
            "time": datetime.fromtimestamp(record.created, JAPAN).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _cut(record.getMessage()),
        }
        if operator := OPERATOR.get():
            said["operator"] = operator
        if request := REQUEST.get():
            said["request"] = request
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)[-_TRACEBACK:]
        return _UNSAFE.sub(_escape, json.dumps(said, ensure_ascii=False))


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST else f"{message[:LONGEST]}... ({len(message)} characters)"


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
