"""Every correction, rule and closing reason has its words in both languages."""

import pytest

from sukusuku_collector.derive.model import CorrectionKind
from sukusuku_collector.i18n import translations
from sukusuku_collector.opening import Closed
from sukusuku_collector.rooms import words
from sukusuku_collector.rooms.limits import Rule
from sukusuku_collector.settings import Language
from tests.collector.test_i18n import PACKAGE


@pytest.mark.parametrize("language", ["ja", "en"])
def test_everything_has_words(language: Language) -> None:
    texts = translations(PACKAGE / "locale", language)
    for table, kind in (
        (words.corrections(texts), CorrectionKind),
        (words.rules(texts), Rule),
        (words.closed(texts), Closed),
    ):
        assert set(table) == set(kind)
        assert all(text.isascii() == (language == "en") for text in table.values())
    assert words.house_rule(texts).isascii() == (language == "en")
