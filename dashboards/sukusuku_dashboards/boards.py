"""Every board of a facility."""

from collections.abc import Iterator

from sukusuku_dashboards.board import Board
from sukusuku_dashboards.collection import collection
from sukusuku_dashboards.operations import operations
from sukusuku_dashboards.rooms import rooms
from sukusuku_dashboards.wall import walls
from sukusuku_server.settings import Facility, Language


def boards(facility: Facility, language: Language) -> Iterator[Board]:
    """In one language."""
    yield from walls(facility, language)
    yield collection(facility, language)
    yield rooms(facility, language)
    yield operations(facility, language)
