"""The method behind the comparison with fixed rounds, in the reader's language."""

from importlib.resources import files

from sukusuku_collector.accounting.counterfactual import METHOD
from sukusuku_collector.i18n import translations
from sukusuku_collector.settings import Language


def method(language: Language) -> list[str]:
    """How the figures come about and what they cannot know, a sentence each."""
    texts = translations(files("sukusuku_collector") / "locale", language)
    return [texts.gettext(sentence) for sentence in METHOD]
