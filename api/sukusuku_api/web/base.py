"""What every page shares: languages, headers, templates, static files."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from gettext import NullTranslations
from importlib.resources import files
from typing import Annotated

from fastapi import Query
from jinja2 import Environment

from sukusuku_api.access.principal import Principal
from sukusuku_api.web.boards import board_of
from sukusuku_api.web.ruby import plain, ruby
from sukusuku_core import __version__
from sukusuku_server import i18n, templates
from sukusuku_server.access.rights import Act
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.settings import Facility, Language

LANGUAGES: tuple[Language, ...] = ("ja", "en")


STATIC = "/wall/static"


PAGES: tuple[tuple[str, str, Act | None], ...] = (
    ("/wall", N_("Wall"), Act.VIEW_UNITS),
    ("/alerts", N_("Alerts"), Act.VIEW_UNITS),
    ("/collection", N_("Collection"), Act.VIEW_UNITS),
    ("/rounds", N_("Rounds of today"), Act.ANSWER_STOPS),
    ("/rooms", N_("Rooms"), Act.VIEW_ROOMS),
    ("/vacancy", N_("Vacancy"), None),
    ("/reports", N_("Reports"), Act.VIEW_REPORTS),
    ("/bookings", N_("Bookings"), Act.VIEW_ROOMS),
    ("/people", N_("Accounts"), Act.MANAGE_PEOPLE),
    ("/settings", N_("Settings"), Act.EDIT_SETTINGS),
)
"""The pages of the navigation, and the right without which there is nothing on one."""

_OF_THE_OPERATOR = frozenset({"/settings"})
"""Pages about what belongs to no site: a right at single sites opens nothing there."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


Lang = Annotated[Language, Query(alias="lang")]


def texts(language: str) -> NullTranslations:
    """Return the texts of the pages in a language, or in a kind of one: `ja-easy`."""
    return i18n.texts("sukusuku_api", language)


def environment(language: str) -> Environment:
    """Return the templates in a language, or in a kind of one: `ja-easy`."""
    made = templates.environment("sukusuku_api.web", texts(language))
    made.globals["board_of"] = board_of
    made.globals["pages_of"] = pages_of
    made.filters["ruby"], made.filters["plain"] = ruby, plain
    made.globals["build"], made.globals["static"] = build(), STATIC
    return made


def pages_of(who: Principal | None, facility: Facility) -> list[tuple[str, str]]:
    """Return the pages that somebody may see, with their names as message ids, in the order of the navigation."""
    return [
        (path, name)
        for path, name, act in PAGES
        if (act is None or (who is not None and _may(who, path, act)))
        and (path != "/bookings" or facility.bookings is not None)
    ]


def _may(who: Principal, path: str, act: Act) -> bool:
    return who.rights.may(act) if path in _OF_THE_OPERATOR else who.rights.somewhere(act)


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
