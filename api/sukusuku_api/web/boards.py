"""Which Grafana dashboard is about the same as a page."""

from sukusuku_server.model.boards import ALL, board_uid, site_key, wall_uid
from sukusuku_server.settings import Language

_SAME = frozenset({"collection", "rooms"})
"""Pages whose dashboards have their names."""


def board_of(page: str, language: Language) -> str:
    """Return the uid of the dashboard about the same as the page with this path; empty: there is none."""
    name, _, ident = page.removeprefix("/").partition("/")
    if name == "wall":
        return wall_uid(site_key(ident, language) if ident else ALL, language)
    return board_uid(name, language) if name in _SAME else ""
