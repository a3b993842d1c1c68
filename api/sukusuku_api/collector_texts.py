"""The collector's texts in the reader's language, and the method behind the comparison with fixed rounds."""

from functools import lru_cache
from gettext import NullTranslations
from importlib.resources import files

from sukusuku_server.i18n import translations
from sukusuku_server.kpi.fixed_rounds import METHOD
from sukusuku_server.settings import Language


@lru_cache
def collector_texts(language: Language) -> NullTranslations:
    """Return the texts of the collector."""
    return translations(files("sukusuku_server") / "locale", language)


def method(language: Language) -> list[str]:
    """How the figures come about and what they cannot know, a sentence each."""
    return [collector_texts(language).gettext(sentence) for sentence in METHOD]
