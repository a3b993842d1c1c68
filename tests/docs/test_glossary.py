"""Every text of the product uses the words of docs/glossary.md."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs/glossary.md"
PACKAGES = ("edge", "collector", "api", "dashboards", "firmware-sim")
DOCUMENTS = sorted({*ROOT.glob("*.md"), *ROOT.glob("*/*.md")} - {ROOT / "CHANGELOG.md", GLOSSARY})
SUFFIXES = {".po", ".py", ".html", ".txt", ".toml", ".js"}
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z%.\d]|\{\w+\}")


@dataclass(frozen=True, slots=True)
class Term:
    """A row of the terms: one of `japanese` is in every translation of a text with one of `english`."""

    japanese: tuple[str, ...]
    english: tuple[str, ...]

    def is_used(self, text: str) -> bool:
        """Whether an English text uses this term, in singular or plural."""
        plain = _PLACEHOLDER.sub(" ", text)
        return any(re.search(rf"(?<![\w-]){re.escape(word)}s?(?![\w-])", plain, re.IGNORECASE) for word in self.english)


@dataclass(frozen=True, slots=True)
class Banned:
    """A row of the words that are not used, and the words in which they are part of another one."""

    words: tuple[str, ...]
    instead: str
    unless: tuple[str, ...] = ()

    def found(self, text: str) -> list[str]:
        """The words that a text uses and should not."""
        for allowed in self.unless:
            text = text.replace(allowed, "")
        return [word for word in self.words if word in text]


def rows(heading: str) -> Iterator[list[str]]:
    """The rows of all tables with this first column, without their heads."""
    inside = False
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        inside = bool(cells) and (inside or cells[0] == heading)
        if inside and cells[0] != heading and not cells[0].startswith("---"):
            yield cells


@cache
def terms() -> list[Term]:
    """Every term."""
    return [Term(_split(japanese), _split(english)) for japanese, english, *_ in rows("Japanese")]


@cache
def banned() -> list[Banned]:
    """Every Japanese word that is not used."""
    return [Banned(_split(words), instead, _split(unless)) for words, instead, unless in rows("Not")]


def banned_english() -> list[str]:
    """Every English word that is not used."""
    return [word for word, _ in rows("Not in English")]


def _split(cell: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"、|, ", cell) if word)


@cache
def translations() -> list[tuple[str, str]]:
    """English and Japanese of every text in a catalogue."""
    found = []
    for path in sorted(ROOT.glob("*/*/locale/ja.po")):
        with path.open("rb") as stream:
            catalogue = read_po(stream, locale="ja", abort_invalid=True)
        found += [(str(message.id), str(message.string)) for message in catalogue if message.id]
    return found


def japanese_texts() -> Iterator[Path]:
    """Every file with Japanese that people read."""
    for package in PACKAGES:
        yield from (path for path in (ROOT / package).rglob("*") if path.suffix in SUFFIXES)
    yield from (ROOT / "tests/fixtures/golden").glob("*/*.ja.*")
    yield ROOT / "README.ja.md"


def wrong_translations(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Translations that use another word than the one of the term."""
    return [
        f"{english!r}: {'、'.join(term.japanese)} is not in {japanese!r}"
        for english, japanese in texts
        for term in terms()
        if term.is_used(english) and not any(word in japanese for word in term.japanese)
    ]


def excluded_words(text: str) -> list[str]:
    """What a Japanese text says and should not, with what it should say."""
    return [f"{word}: use {row.instead}" for row in banned() for word in row.found(text)]


def test_translations_use_the_word_of_the_term() -> None:
    assert wrong_translations(translations()) == []


def test_no_text_uses_a_word_that_the_glossary_excludes() -> None:
    assert {
        str(path.relative_to(ROOT)): words
        for path in japanese_texts()
        if (words := excluded_words(path.read_text(encoding="utf-8")))
    } == {}


@pytest.mark.parametrize("word", banned_english())
def test_no_document_and_no_text_is_written_in_translated_english(word: str) -> None:
    pattern = re.compile(rf"\b{word}\b", re.IGNORECASE)
    documents = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCUMENTS}
    texts = {english: english for english, _ in translations()}

    assert [name for name, text in (documents | texts).items() if pattern.search(text)] == []


def test_every_term_is_used() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in japanese_texts())

    assert [term.japanese[0] for term in terms() if not any(word in texts for word in term.japanese)] == []


def test_no_term_is_excluded_itself() -> None:
    assert [term.japanese for term in terms() if excluded_words("".join(term.japanese))] == []


@pytest.mark.parametrize("term", terms(), ids=lambda term: term.english[0])
def test_a_translation_without_the_word_of_its_term_is_found(term: Term) -> None:
    for english, japanese in translations():
        if term.is_used(english):
            changed = japanese
            for word in term.japanese:
                changed = changed.replace(word, "X")
            assert wrong_translations([(english, changed)]) != []


@pytest.mark.parametrize("row", banned(), ids=lambda row: row.words[0])
def test_a_word_that_is_not_used_is_found(row: Banned) -> None:
    for word in row.words:
        assert excluded_words(f"次の{word}です") != []
    for allowed in row.unless:
        assert row.found(f"次の{allowed}です") == []
