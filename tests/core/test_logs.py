"""A line a record: what strangers send forges no second one."""

import json
import logging
import sys

import pytest

from sukusuku_core import logs
from sukusuku_core.logs import JsonLines, TextLines

HOSTILE = "node \n2026-01-01 INFO all is well \x1b[31m \u202e txt.exe \x9b"


def _record(message: str, *, failed: bool = False) -> logging.LogRecord:
    error = None
    if failed:
        try:
            int("東部\u202e")
        except ValueError:
            error = sys.exc_info()
    return logging.LogRecord("sukusuku", logging.WARNING, "file", 1, "%s", (message,), error)


@pytest.mark.parametrize("form", [TextLines(), JsonLines()])
def test_what_is_logged_stays_one_line_without_control_characters(form: logging.Formatter) -> None:
    line = form.format(_record(HOSTILE))
    assert not set(line) & {"\n", "\x1b", "\u202e", "\x9b"}
    assert "\\u202e" in line


def test_a_message_is_cut() -> None:
    assert len(TextLines().format(_record("x" * 1_000_000))) < logs.LONGEST + 200


def test_json_names_what_belongs_together() -> None:
    token = logs.REQUEST.set("abc")
    try:
        said = json.loads(JsonLines().format(_record("一時保育室", failed=True)))
        assert " [abc] 一時保育室" in TextLines().format(_record("一時保育室"))
    finally:
        logs.REQUEST.reset(token)
    assert (said["level"], said["logger"], said["request"], said["message"]) == (
        "warning", "sukusuku", "abc", "一時保育室",
    )  # fmt: skip
    assert said["time"].endswith("+09:00")
    assert "ValueError: invalid literal" in said["traceback"]
    assert "request" not in json.loads(JsonLines().format(_record("x")))
