"""What every page shares: languages, headers, templates, static files."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from gettext import NullTranslations
from importlib.resources import files
from typing import Annotated

from fastapi import Query
from jinja2 import Environment, PackageLoader, StrictUndefined

from sukusuku_core import __version__
from sukusuku_server.i18n import Translate, translations
from sukusuku_server.settings import Language

LANGUAGES: tuple[Language, ...] = ("ja", "en")


STATIC = "/wall/static"


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


Lang = Annotated[Language, Query(alias="lang")]


@lru_cache
def texts(language: Language) -> NullTranslations:
    """Return the texts of the pages in a language."""
    return translations(files("sukusuku_api") / "locale", language)


@lru_cache
def environment(language: Language) -> Environment:
    """Return the templates in a language."""
    made = Environment(
        loader=PackageLoader("sukusuku_api.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(texts(language), newstyle=True)  # type: ignore[attr-defined] # added by the extension
    return made


@lru_cache
def build() -> str:
    """Change with the program, its templates and its static files: an open page of an older one reloads itself."""
    digest = hashlib.sha256(__version__.encode())
    for folder in ("static", "templates"):
        for file in sorted((files("sukusuku_api.web") / folder).iterdir(), key=lambda item: item.name):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Locale:
    """Who looks at it: the language, its texts, and the moment (UTC ms)."""

    language: Language
    translate: Translate
    now: int
