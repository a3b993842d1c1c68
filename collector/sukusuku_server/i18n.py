"""Texts in the reader's language. Message ids are English; each component has `locale/<language>.po` beside it.

The catalogues are compiled in memory at start: there is no build step that could be forgotten.
"""

import gettext
import threading
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from sukusuku_core.errors import ConfigError

SOURCE_LANGUAGE = "en"
"""The language of the message ids; it needs no catalogue."""


_READING = threading.Lock()


def texts(package: str, language: str) -> gettext.NullTranslations:
    """Return the texts of a package in a language, read once. Raises ConfigError as `translations` does."""
    with _READING:  # threads of many operators that begin together would each read them
        return _texts(package, language)


@lru_cache
def _texts(package: str, language: str) -> gettext.NullTranslations:
    return translations(files(package) / "locale", language)


def translations(folder: Traversable | Path, language: str) -> gettext.NullTranslations:
    """Return the translations of a component into a language, or a kind of one: what `ja-easy` does not say, `ja` does.

    Raises ConfigError when its catalogue is not there or broken.
    """
    whole, kind, _ = language.partition("-")
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    file = folder / f"{language}.po"
    try:
        with file.open("rb") as stream:
            catalogue = read_po(stream, locale=whole, abort_invalid=True)
    except (OSError, UnicodeDecodeError, PoFileError) as error:
        raise ConfigError(f"the texts of language {language} cannot be read: {error}") from error
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    found = gettext.GNUTranslations(compiled)
    if kind:
        found.add_fallback(translations(folder, whole))
    return found


Translate = Callable[[str], str]


def N_(text: str) -> str:  # noqa: N802 - gettext's usual mark for texts that are translated later
    """Mark a text for translation."""
    return text
