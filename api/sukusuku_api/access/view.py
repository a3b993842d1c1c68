"""What of a facility somebody sees. What lies outside is not hidden afterwards: it is not there to begin with."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from sukusuku_server.access.rights import Act, Rights
from sukusuku_server.rooms.schedule import FacilitySchedules

_MOST = 256
"""Views that are kept; then all are made anew."""


Key = tuple[frozenset[str], frozenset[str], frozenset[str]]
"""Sites, sites whose units and sites whose rooms are seen."""


@dataclass(frozen=True, slots=True)
class View:
    """A facility as somebody sees it. What is made for one view is good for all that have its key; None: the whole."""

    key: Key | None
    index: FacilitySchedules


class Views:
    """Makes views of one facility, each once. Safe to use from several threads."""

    def __init__(self, whole: FacilitySchedules) -> None:
        self.whole = whole
        self._lock = threading.Lock()
        self._made: dict[Key, FacilitySchedules] = {}

    def of(self, rights: Rights, act: Act) -> "View":
        """Return the facility with the sites at which an act is allowed, and of these the assets that are seen there.

        Whoever has the right everywhere sees the whole, also what belongs to no site: gateways, contacts.
        """
        sites = self.whole.sites
        where = rights.sites(act, sites)
        units, rooms = (where & rights.sites(seen, sites) for seen in (Act.VIEW_UNITS, Act.VIEW_ROOMS))
        if act in rights.everywhere and {Act.VIEW_UNITS, Act.VIEW_ROOMS} <= rights.everywhere:
            return View(None, self.whole)
        with self._lock:
            key = (where, units, rooms)
            if key not in self._made:
                if len(self._made) >= _MOST:
                    self._made.clear()
                self._made[key] = _view(self.whole, *key)
            return View(key, self._made[key])


def _view(
    whole: FacilitySchedules, sites: Iterable[str], units: Iterable[str], rooms: Iterable[str]
) -> FacilitySchedules:
    facility = whole.facility
    kept = tuple(
        msgspec.structs.replace(
            site, unit=site.unit if site.id in units else (), room=site.room if site.id in rooms else ()
        )
        for site in facility.site
        if site.id in sites
    )
    sites, rooms = {site.id for site in kept}, {room.id for site in kept for room in site.room}
    rounds = tuple(
        msgspec.structs.replace(it, sites=tuple(site for site in it.sites if site in sites), crew=())
        for it in facility.round
        if not it.sites or not sites.isdisjoint(it.sites)
    )
    bookings = facility.bookings
    if bookings is not None:
        feeds = tuple(feed for feed in bookings.feed if feed.room is None or feed.room in rooms)
        bookings = msgspec.structs.replace(bookings, feed=feeds)
    nobody = {"gateway": (), "contact": (), "report_mail": ()}
    return FacilitySchedules(msgspec.structs.replace(facility, site=kept, round=rounds, bookings=bookings, **nobody))
