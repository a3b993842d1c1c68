"""Readings above Chinese characters: 漢字《かんじ》 in a text becomes ruby on a page."""

import re

from markupsafe import Markup, escape

_WORD = re.compile(r"([\u3400-\u9fff々]+)《([^》]+)》")


def ruby(text: str) -> Markup:
    """Return a text for a page, with the readings in it above their words."""
    return Markup(_WORD.sub(r"<ruby>\1<rp>(</rp><rt>\2</rt><rp>)</rp></ruby>", str(escape(text))))  # noqa: S704 - it is escaped


def plain(text: str) -> str:
    """Return a text without the readings in it, for what is read aloud."""
    return _WORD.sub(r"\1", text)
