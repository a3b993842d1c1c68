"""English words on pages and in mails for Japanese readers, but for names that are the same in every language."""

import re
from html.parser import HTMLParser

SAME = {
    "API", "CO", "CSV", "Excel", "GPX", "Grafana", "PDF", "XLSX", "ZIP", "iCalendar", "kg", "km", "LINE", "WORKS", "QR",
}  # fmt: skip
"""Formats, units and products."""
_WORD = re.compile(r"[A-Za-z][A-Za-z]+")
_ADDRESS = re.compile(
    r"https?://\S+|[\w.+-]+@[\w.-]+|[\w.-]+\.(jp|com)\b[\w/.,: -]*|\b[a-z]+(-[a-z0-9]+)+\b|\([^()]*\d{6,}\w*\)"
)
"""Addresses on the web and of mails, ids of the settings, and the marks of documents."""
NAMES = {"tobu", "seibu", "eating", "play", "start", "office", "nowhere"}
"""What was typed in these worlds."""
_VOID = {"meta", "link", "input", "br", "img", "path", "use", "circle", "rect", "hr"}


class _Reader(HTMLParser):
    """Takes what a person sees or hears of a page: texts and labels, without code and what says it is English."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        other = tag in {"script", "style", "code"} or given.get("lang", "ja") != "ja"
        if not other and not any(self.open):
            self.texts += [str(given[it]) for it in ("aria-label", "title", "placeholder", "alt") if given.get(it)]
        if tag not in _VOID:
            self.open.append(other)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            super().handle_startendtag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open):
            self.texts.append(data)


def english(html: str) -> set[str]:
    """The English words of a page in Japanese."""
    reader = _Reader()
    reader.feed(html)
    return {word for text in reader.texts for word in _WORD.findall(_ADDRESS.sub(" ", text))} - SAME - NAMES
