"""docs/devices.md is what the profiles say."""

from pathlib import Path

from sukusuku_core.profile import builtin, parse_profile
from sukusuku_core.profile_docs import describe

PAGE = Path(__file__).parents[2] / "docs" / "devices.md"
COMMAND = """.venv/bin/python -c 'from pathlib import Path; from sukusuku_core import profile, profile_docs; \
Path("docs/devices.md").write_text(profile_docs.describe(profile.builtin().values()), encoding="utf-8")'"""


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == describe(builtin().values()), f"write it again with:\n{COMMAND}"


def test_the_page_shows_what_a_reader_must_know() -> None:
    text = """
profile = "own"
transport = "modbus"
maker = "M"
model = "1"
ja = "機器"
en = "device"
status = "guess"
source = "none"
defaults = {base = 40001, words = "low_first"}
[[point]]
name = "p"
role = "power"
ja = "電力"
en = "power"
address = 40003
type = "u32"
scale = 0.1
offset = -5
unit = "W"
invalid = [4294967295]
valid = [0, 10]
wrap = 100
note = "A | B."
"""
    page = describe([parse_profile(text, "own.toml")])
    assert "- Status: guess, a guess; check every value on the device" in page
    assert "| `p` | 電力 | power | power | holding | 0x0002 (40003) | u32, low word first | unit W; scale 0.1; " in page
    assert r"offset -5; plausible 0 to 10; no reading: `4294967295`; wrap 100. A \| B. |" in page
