"""Every correction, rule and closing reason has its words in both languages."""

import pytest

from sukusuku_server.calendar.opening_hours import Closed
from sukusuku_server.i18n import translations
from sukusuku_server.model.collection import CorrectionKind
from sukusuku_server.rooms import texts as words
from sukusuku_server.rooms.capacity_limit import Rule
from sukusuku_server.settings import Language
from tests.server.test_i18n import CATALOGUE


@pytest.mark.parametrize("language", ["ja", "en"])
def test_everything_has_words(language: Language) -> None:
    texts = translations(CATALOGUE, language)
    for table, kind in (
        (words.corrections(texts), CorrectionKind),
        (words.rules(texts), Rule),
        (words.closed(texts), Closed),
    ):
        assert set(table) == set(kind)
        assert all(text.isascii() == (language == "en") for text in table.values())
    assert words.house_rule(texts).isascii() == (language == "en")
