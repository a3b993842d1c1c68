"""Tables and bars as they come out: through a pipe, and on a real (pseudo) terminal."""

import os
import pty
import re
import subprocess
import sys
import termios
from unicodedata import east_asian_width

import pytest

from sukusuku_core import text_table
from sukusuku_server.terminal import Bar, Listing, columns

ROWS = [
    ("順", "センター", "理由"),
    (
        "1",
        "東部こども家庭センター",
        "次の収集までに満杯になる見込み（90 %）、袋の使用時間の上限まで 3 時間、予備の袋は 2 枚",
    ),
    ("2", "西部ｾﾝﾀｰ é", "enough room"),
]
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _on_a_terminal(program: str, places: int = 60) -> str:
    """What a program writes to a terminal of so many places, which is both its standard output and error."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, places))
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=theirs, stdout=theirs, stderr=theirs, env=environ | {"TERM": "xterm"}
    ) as process:
        os.close(theirs)
        written = b""
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            try:
                while piece := terminal.read(65_536):
                    written += piece
            except OSError:  # Linux says so when the other side is closed
                pass
    assert process.returncode == 0
    return written.decode()


def test_through_a_pipe_a_table_is_plain_and_nothing_is_wrapped() -> None:
    assert columns(ROWS) == text_table.columns(ROWS)
    assert len(columns(ROWS).splitlines()) == 3


def test_a_terminal_gets_cells_that_are_wrapped_to_its_width() -> None:
    shown = _on_a_terminal(f"from sukusuku_server.terminal import columns; print(columns({ROWS!r}))")

    lines = _ESCAPES.sub("", shown).splitlines()
    assert len(lines) > 4
    assert max(text_table.width(line) for line in lines) <= 60
    assert re.sub(r"\s", "", "".join(line[22:] for line in lines)).count("enoughroom") == 1
    assert "\x1b[1m" in shown.splitlines()[0], "the head is bold"


@pytest.mark.parametrize("text", ["\x1b[31mred", "two\nlines", "turned \u202e round", "bell \a"])
def test_what_peers_send_does_not_move_the_terminal(text: str) -> None:
    for shown in (columns([("name",), (text,)]).splitlines()[1], Listing([4]).row([text])):
        assert shown.isprintable()
        assert "\N{REPLACEMENT CHARACTER}" in shown


def test_rows_that_come_one_by_one_stand_below_each_other() -> None:
    listing = Listing([10, 4])

    rows = [listing.row(cells) for cells in (("name", "value"), ("東部", "1"), ("far too long", "2"))]

    assert rows == ["name       value", "東部       1", "far too long 2"]
    shown = _on_a_terminal("from sukusuku_server.terminal import Listing; print(Listing([4]).row(['a'], 'red'))")
    assert shown == "\x1b[31ma\x1b[0m\r\n"


def test_a_bar_is_drawn_on_a_terminal_only_and_gone_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar() as bar:
        bar.show(1, 2)
    assert capsys.readouterr() == ("", "")

    program = """
from sukusuku_server.terminal import Bar
with Bar() as bar:
    bar.show(1, 2, "copying", "7 points/s")
print("end")
"""
    shown = _on_a_terminal(program, 100)
    assert "copying" in shown
    assert " 50%" in _ESCAPES.sub("", shown)
    assert "7 points/s" in shown
    assert "\x1b[?25h" in shown, "the cursor is shown again"
    assert shown.endswith("\x1b[2Kend\r\n")


def test_widths_are_those_of_a_terminal() -> None:
    for character in "ｱＡあé─①":
        wide = east_asian_width(character) in "WF"
        assert Listing([4, 1]).row([character, "|"]) == character + " " * (3 if wide else 4) + "|"
