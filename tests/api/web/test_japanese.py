"""No English on a page or in a mail for Japanese readers, but for names that are the same in every language."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sukusuku_api.web.people.action_texts import ACTIONS
from tests.api.web.every_page import every_page

ROOT = Path(__file__).parents[3]
MAILS = ROOT / "tests" / "fixtures" / "golden"
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


def test_no_page_in_japanese_has_english_on_it(tmp_path: Path) -> None:
    with every_page(tmp_path) as pages:
        found = {name: words for name in pages.paths if (words := english(pages.html(name, "ja")))}

    assert found == {"/account": {"English"}, "/people": {"English"}}, "how a language is called in itself"


def test_no_mail_in_japanese_has_english_in_it() -> None:
    paths = sorted(MAILS.glob("*/*.ja.html"))

    assert paths
    assert {path.name: words for path in paths if (words := english(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize(
    "html",
    [
        "<p>1 visit</p>",
        '<svg aria-label="Fill level">',
        "<p><code>State</code> of 回収</p>",
        "<p>great circle x 1.35</p>",
    ],
)
def test_english_is_found(html: str) -> None:
    assert english(html) != set()


def test_every_action_of_the_audit_log_has_words() -> None:
    folder = ROOT / "collector" / "sukusuku_server" / "db"
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    noted = set(re.findall(r'note\([^()]*?"([a-z_]+\.[a-z_]+)"', source))

    assert len(noted) > 10
    assert noted - ACTIONS.keys() == set()
