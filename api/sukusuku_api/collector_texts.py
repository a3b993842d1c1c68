"""The collector's texts in the reader's language, and the method behind the comparison with fixed rounds."""

from gettext import NullTranslations

from sukusuku_server.i18n import texts
from sukusuku_server.kpi.fixed_rounds import METHOD
from sukusuku_server.settings import Language


def collector_texts(language: Language) -> NullTranslations:
    """Return the texts of the collector."""
    return texts("sukusuku_server", language)


def method(language: Language) -> list[str]:
    """How the figures come about and what they cannot know, a sentence each."""
    return [collector_texts(language).gettext(sentence) for sentence in METHOD]
