"""What every page shares: languages, headers, templates, static files."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from gettext import NullTranslations
from importlib.resources import files
from typing import Annotated

from fastapi import Query
from jinja2 import Environment

from sukusuku_api.web.boards import board_of
from sukusuku_core import __version__
from sukusuku_server import i18n, templates
from sukusuku_server.i18n import Translate
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


def texts(language: Language) -> NullTranslations:
    """Return the texts of the pages in a language."""
    return i18n.texts("sukusuku_api", language)


def environment(language: Language) -> Environment:
    """Return the templates in a language."""
    made = templates.environment("sukusuku_api.web", texts(language))
    made.globals["board_of"] = board_of
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
