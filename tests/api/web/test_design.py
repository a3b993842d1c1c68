"""One design: colours stand in one file, and the page of the design shows each of them and every part."""

import re
from importlib.resources import files

import httpx

from sukusuku_api.web.design.page import TOKENS

STATIC = files("sukusuku_api.web") / "static"
TEMPLATES = files("sukusuku_api.web") / "templates"
NOT_SHOWN = {"signature", "connection_lost"}
"""A field like others, and the bar that is fixed to the top of a page."""


def _text(folder: str, name: str) -> str:
    return ({"static": STATIC, "templates": TEMPLATES}[folder] / name).read_text(encoding="utf-8")


def test_only_the_tokens_have_colours() -> None:
    found = {
        sheet.name: colours
        for sheet in STATIC.iterdir()
        if sheet.name.endswith(".css") and sheet.name != "tokens.css"
        if (colours := re.findall(r"[:\s](#[0-9a-f]{3,8}|rgba?\(|hsl\()", sheet.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_every_colour_has_a_value_by_day_and_one_by_night_and_is_shown() -> None:
    told = re.findall(r"--([a-z-]+): (light-dark\(|var\(|#)", _text("static", "tokens.css"))
    assert {name for name, kind in told if kind == "light-dark("} == {name for group in TOKENS for name in group}


def test_every_part_is_shown_in_both_languages(api: httpx.Client) -> None:
    parts = set(re.findall(r"macro (\w+)\(", _text("templates", "components.html")))
    shown = set(re.findall(r"\b(\w+)\(", _text("templates", "design_parts.html")))
    assert parts - shown == NOT_SHOWN

    html = api.get("/design").text
    assert "満杯間近" in html
    assert "Nearly full" in html
