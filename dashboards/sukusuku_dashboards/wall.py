"""The walls, to be read from four metres: of all centres, on as many screens as they need, and of each. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from sukusuku_dashboards.board import Board, Panel, Playlist
from sukusuku_dashboards.facts import Facts
from sukusuku_dashboards.wall_panels import attention, of_centres, of_one
from sukusuku_dashboards.words import say
from sukusuku_server.model.boards import ALL, WALL, board_uid, site_key, wall_uid
from sukusuku_server.settings import Facility, Language, Site

FIT = 10
"""So many units, and as many rooms, are legible on one screen."""
OFTEN = 3
"""After so many walls in turn, that of all comes again."""


def walls(facility: Facility, language: Language) -> Iterator[Board]:
    """Every wall of a facility in a language.

    Where all centres do not fit on one screen, the wall of all shows what needs attention first, and each of its pages
    shows some of the centres.
    """
    operator = facility.operator.name[language]
    every, one = Facts(facility, language), Facts(facility, language, short=True)
    pages = _pages(facility.site)
    if len(facility.site) == 1:
        yield _board(one, operator, ALL, of_one(one, facility.site[0]))
    elif len(pages) <= 1:
        yield _board(every, operator, ALL, of_centres(every, facility.site))
    else:
        yield _board(every, operator, ALL, attention(every, facility.site))
        for number, sites in enumerate(pages, 1):
            yield _board(every, f"{operator} {number}/{len(pages)}", f"{ALL}-{number}", of_centres(every, sites))
    for site in facility.site:
        yield _board(one, site.name[language], site_key(site.id, language), of_one(one, site), site)


def rotation(facility: Facility, language: Language) -> Playlist | None:
    """Return the walls of many centres in turn, for one screen; None where there is one wall only.

    The wall of all begins and comes back after every `OFTEN` others: what needs attention does not wait for the end.
    """
    if len(facility.site) <= 1:
        return None
    pages = _pages(facility.site)
    every = wall_uid(ALL, language)
    if len(pages) > 1:
        others = [wall_uid(f"{ALL}-{number}", language) for number in range(1, len(pages) + 1)]
    else:
        others = [wall_uid(site_key(site.id, language), language) for site in facility.site]
    shown = [uid for start in range(0, len(others), OFTEN) for uid in (every, *others[start : start + OFTEN])]
    title = say(language)("%(operator)s: walls in turn") % {"operator": facility.operator.name[language]}
    return Playlist(board_uid("walls", language), title, tuple(shown))


def _board(facts: Facts, title: str, key: str, panels: Iterable[Panel], site: Site | None = None) -> Board:
    uid = wall_uid(key, facts.language)
    return Board(uid, facts.language, title, tuple(panels), pages=facts.pages(site), tags=(WALL,))


def _pages(sites: Sequence[Site]) -> list[list[Site]]:
    """Return the centres in their order, as many on each page as fit on a screen."""
    found: list[list[Site]] = []
    units = rooms = 0
    for site in sites:
        units, rooms = units + len(site.unit), rooms + len(site.room)
        if not found or units > FIT or rooms > FIT:
            found.append([])
            units, rooms = len(site.unit), len(site.room)
        found[-1].append(site)
    return found
